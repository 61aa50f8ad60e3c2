import assert from "node:assert/strict";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readDataset } from "../../toolkit/data/dataset.ts";
import { hashFile } from "../../toolkit/data/hash.ts";
import { readMetadata } from "../../toolkit/export/metadata.ts";
import type { SourceModel } from "../../toolkit/export/source-model.ts";
import type { FineTuneEvent, FineTuneResult } from "../../toolkit/fine-tune/events.ts";
import { fineTune } from "../../toolkit/fine-tune/fine-tune.ts";
import type { FineTuneRun } from "../../toolkit/fine-tune/fine-tune.ts";
import type { Platform } from "../../toolkit/fine-tune/platform.ts";
import type { FineTuneSettings } from "../../toolkit/fine-tune/settings.ts";
import { sharpDecoder } from "../../toolkit/images/sharp.ts";
import { decodeModel } from "../../toolkit/onnx/decode.ts";
import { readModelFile } from "../../toolkit/onnx/read-file.ts";
import { openCheckpoints } from "../../toolkit/train/checkpoint-folder.ts";
import { fixture } from "../support/fixtures.ts";
import { directRuntime } from "../support/run-graph.ts";
import { writeToyPhotos } from "../support/toy-photos.ts";

const SMALL: FineTuneSettings = { sizePx: 32, batchSize: 8, seed: 3, threads: 1, cropScale: 0.5 };

describe("fine-tune/fine-tune", () => {
  let folder = "";
  let source: SourceModel;
  let folded: SourceModel;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "onnx-graft-job-"));
    await writeToyPhotos(join(folder, "photos"));
    source = { model: await readModelFile(fixture("resnet18-width8/bn.onnx")), name: "bn", sha256: "01" };
    folded = { model: await readModelFile(fixture("resnet18-width8/folded.onnx")), name: "folded", sha256: "02" };
  });
  after(() => rm(folder, { recursive: true }));

  interface Given extends FineTuneSettings {
    readonly from?: SourceModel;
    readonly photos?: string;
    readonly run?: string;
    readonly resume?: boolean;
    readonly signal?: AbortSignal;
  }

  async function start({
    from = source,
    photos = "photos",
    run,
    resume,
    signal,
    ...settings
  }: Given): Promise<FineTuneRun> {
    const platform: Platform = {
      runtime: directRuntime,
      decoder: sharpDecoder(),
      hashFile,
      ...(run === undefined ? {} : { checkpoints: await openCheckpoints(join(folder, run)) }),
    };
    const dataset = await readDataset(join(folder, photos), { seed: 1 });
    return fineTune({
      ...SMALL,
      ...settings,
      source: from,
      dataset,
      platform,
      ...(resume === undefined ? {} : { resume }),
      ...(signal === undefined ? {} : { signal }),
    });
  }

  async function read(run: FineTuneRun): Promise<{ events: FineTuneEvent[]; result: FineTuneResult }> {
    const events: FineTuneEvent[] = [];
    for await (const event of run) events.push(event);
    return { events, result: await run.result };
  }

  const stepLosses = (events: readonly FineTuneEvent[]): readonly number[] =>
    events.flatMap((e) => (e.kind === "step" ? [e.loss] : []));
  const notes = (events: readonly FineTuneEvent[]): string =>
    events.flatMap((e) => (e.kind === "note" ? [e.text] : [])).join("\n");

  it("trains in mixed precision with about the losses of float32", async () => {
    const settings: FineTuneSettings = { mode: "full", epochs: 1, maxSteps: 3, batchNorm: "frozen", sizePx: 64 };
    const single = stepLosses((await read(await start(settings))).events);
    const mixed = stepLosses((await read(await start({ ...settings, precision: "mixed" }))).events);
    assert.equal(mixed.length, 3);
    assert.notDeepEqual(mixed, single);
    // the first steps may be left out, while the scale of the loss comes down: before any update the losses are those of the same weights
    const [first = 0] = mixed;
    assert.ok(Math.abs(first - (single[0] ?? 0)) <= 0.005 * first, `${mixed.join(" ")}, ${single.join(" ")}`);
  });

  it("trains the head alone on features that are computed once", async () => {
    const { events, result } = await read(await start({ mode: "frozen", epochs: 20, rate: 0.01 }));
    assert.equal(result.status, "done");
    assert.ok((result.evaluation?.top1 ?? 0) >= 0.9, `accuracy ${result.evaluation?.top1}`);
    assert.equal(events.filter((e) => e.kind === "features" && e.done === e.total).length >= 1, true);
    assert.deepEqual(
      result.stages.map((s) => s.stage),
      ["head"],
    );
  });

  for (const [mode, rate] of [
    ["full", 0.02],
    ["staged", 0.02],
    ["scratch", 0.05],
  ] as const) {
    it(`trains every layer: ${mode}`, async () => {
      const { result } = await read(await start({ mode, epochs: 16, headEpochs: 10, rate, batchNorm: "batch" }));
      assert.ok((result.evaluation?.top1 ?? 0) >= 0.75, `accuracy ${result.evaluation?.top1}`);
      assert.ok(
        result.parity && result.parity.largestDifference < 1e-4 && result.parity.flips === 0,
        "the export computes what was trained",
      );
    });
  }

  it("gives a folded network its BatchNorm back, says so, and exports it folded", async () => {
    const { events, result } = await read(
      await start({ from: folded, mode: "full", epochs: 2, rate: 0.01, batchNorm: "batch" }),
    );
    assert.match(notes(events), /BatchNorm was folded into 20 convolutions: restored/);
    assert.ok(result.model);
    const ops = decodeModel(result.model).graph.nodes.map((n) => n.op);
    assert.equal(ops.includes("BatchNormalization"), false);
    assert.ok(result.parity && result.parity.largestDifference < 1e-4);
  });

  it("leaves a folded network folded where batchNorm is keep", async () => {
    const { events } = await read(
      await start({ from: folded, mode: "full", epochs: 1, rate: 1e-4, batchNorm: "keep" }),
    );
    assert.doesNotMatch(notes(events), /restored/);
  });

  it("trains with dropout and a hidden layer, and exports without the masks", async () => {
    const { result } = await read(await start({ mode: "frozen", epochs: 20, rate: 0.01, dropout: 0.3, hidden: 16 }));
    assert.ok((result.evaluation?.top1 ?? 0) >= 0.75, `accuracy ${result.evaluation?.top1}`);
    assert.ok(result.model);
    assert.deepEqual(
      decodeModel(result.model).graph.inputs.map((v) => v.name),
      ["image"],
    );
  });

  it("writes labels and preprocessing into the exported file", async () => {
    const { result } = await read(await start({ mode: "frozen", epochs: 2 }));
    assert.ok(result.model);
    const model = decodeModel(result.model);
    const metadata = readMetadata(model);
    assert.deepEqual(metadata?.labels, ["blue", "green", "red"]);
    assert.equal(metadata?.preprocessing.sizePx, 32);
    assert.deepEqual(
      model.graph.outputs.map((v) => v.name),
      ["logits", "probabilities", "features"],
    );
    assert.doesNotMatch([...model.metadata.values()].join(), new RegExp(folder), "no path is in the file");
  });

  it("goes on from its own export with the head it had", async () => {
    const first = await read(await start({ mode: "frozen", epochs: 20, rate: 0.01 }));
    assert.ok(first.result.model);
    const again: SourceModel = { model: decodeModel(first.result.model), name: "own", sha256: "03" };
    const { result } = await read(await start({ from: again, mode: "frozen", epochs: 1, rate: 0 }));
    assert.ok(
      Math.abs((result.evaluation?.loss ?? 9) - (first.result.evaluation?.loss ?? 0)) < 1e-3,
      "a rate of 0 leaves the carried head as it was",
    );
  });

  for (const mode of ["full", "staged"] as const) {
    it(`resumes ${mode} where it was aborted and ends with the same bits`, async () => {
      const settings = { mode, epochs: 3, headEpochs: 3, rate: 0.01, batchNorm: "batch", checkpointEvery: 2 } as const;
      const whole = await read(await start({ ...settings, run: `${mode}-whole` }));
      const abort = new AbortController();
      const run = await start({ ...settings, run: `${mode}-cut`, signal: abort.signal });
      const seen: number[] = [];
      for await (const event of run) {
        if (event.kind !== "step") continue;
        seen.push(event.loss);
        if (event.stage === "network" && event.step === 4) abort.abort();
      }
      assert.equal((await run.result).status, "stopped");
      const rest = await read(await start({ ...settings, run: `${mode}-cut`, resume: true }));
      assert.deepEqual(
        [...seen, ...stepLosses(rest.events)],
        stepLosses(whole.events),
        "every step's loss is the same",
      );
      assert.deepEqual(rest.result.model, whole.result.model, "the exported bytes are the same");
    });
  }

  it("refuses photos that have neither labels nor numbers, or the same number all", async () => {
    const photo = { path: "a.png", id: "a.png", label: -1, numbers: [1.5] };
    for (const [columns, message] of [
      [[], /expected photos with labels or numbers, found none/],
      [["height"], /the column "height": all have 1\.5/],
    ] as const) {
      const run = fineTune({
        ...SMALL,
        source,
        dataset: { classes: [], columns, train: [photo], validation: [], bad: [] },
        platform: { runtime: directRuntime, decoder: sharpDecoder(), hashFile },
      });
      await assert.rejects(run.result, { code: "E_DATA_CLASSES", message });
    }
  });

  it("refuses to resume with other settings, and says which", async () => {
    await read(await start({ mode: "full", epochs: 1, rate: 0.01, run: "other" }));
    const run = await start({ mode: "full", epochs: 1, rate: 0.02, run: "other", resume: true });
    await assert.rejects(run.result, { code: "E_RESUME", message: /rate was 0.01, is 0.02/ });
  });

  it("stops at the step whose loss is not finite and leaves a checkpoint of good weights", async () => {
    const run = await start({
      mode: "full",
      epochs: 3,
      rate: 1e8,
      run: "diverged",
      batchNorm: "frozen",
      checkpointEvery: 1,
    });
    await assert.rejects(run.result, { code: "E_NONFINITE_LOSS", message: /at step \d+/ });
  });

  it("leaving the loop over the events exports the best so far", async () => {
    const run = await start({ mode: "full", epochs: 50, rate: 0.01, batchNorm: "batch" });
    for await (const event of run) if (event.kind === "epoch") break;
    const result = await run.result;
    assert.equal(result.status, "done");
    assert.ok(result.model);
  });

  it("limitSteps() ends the stage there, with its schedule at 0", async () => {
    const run = await start({ mode: "full", epochs: 50, rate: 0.01, batchNorm: "batch" });
    run.limitSteps(5);
    const { events } = await read(run);
    const rates = events.flatMap((e) => (e.kind === "step" ? [e.rate] : []));
    assert.equal(rates.length, 5);
    assert.ok((rates[4] ?? 1) < 0.002, `last rate ${rates[4]}`);
  });

  it("skips an unreadable photo, lists it once and goes on", async () => {
    await writeToyPhotos(join(folder, "bad"));
    await writeFile(join(folder, "bad/train/red/broken.jpg"), "<html>not a picture</html>");
    const { events, result } = await read(
      await start({ photos: "bad", mode: "staged", epochs: 2, headEpochs: 2, rate: 0.01, batchNorm: "batch" }),
    );
    assert.equal(result.status, "done");
    assert.deepEqual(
      result.bad.map((b) => b.code),
      ["E_IMAGE_FORMAT"],
    );
    assert.equal(events.filter((e) => e.kind === "bad").length, 1);
  });

  it("same seed, same bits; another seed, other bits", async () => {
    const run = (seed: number): Promise<{ result: FineTuneResult }> =>
      start({ mode: "full", epochs: 1, rate: 0.01, batchNorm: "batch", seed }).then(read);
    const [a, b, c] = [await run(1), await run(1), await run(2)];
    assert.deepEqual(a.result.model, b.result.model);
    assert.notDeepEqual(a.result.model, c.result.model);
  });

  it("leaves no temporary files beside the checkpoints", async () => {
    await read(await start({ mode: "full", epochs: 2, rate: 0.01, run: "tidy" }));
    assert.ok((await readdir(join(folder, "tidy"))).every((name) => name.endsWith(".ckpt")));
  });
});
