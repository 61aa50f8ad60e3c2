import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openActivationCache } from "../../toolkit/data/activation-cache.ts";
import { readDataset } from "../../toolkit/data/dataset.ts";
import type { Dataset } from "../../toolkit/data/dataset.ts";
import { hashFile } from "../../toolkit/data/hash.ts";
import type { SourceModel } from "../../toolkit/export/source-model.ts";
import type { FineTuneEvent, FineTuneResult } from "../../toolkit/fine-tune/events.ts";
import { fineTune } from "../../toolkit/fine-tune/fine-tune.ts";
import type { FineTuneRun } from "../../toolkit/fine-tune/fine-tune.ts";
import { formsOf, networkStage } from "../../toolkit/fine-tune/network-stage.ts";
import { openPhotos } from "../../toolkit/fine-tune/photos.ts";
import type { Platform } from "../../toolkit/fine-tune/platform.ts";
import { recipeOf } from "../../toolkit/fine-tune/recipe.ts";
import { settle } from "../../toolkit/fine-tune/settings.ts";
import type { FineTuneSettings } from "../../toolkit/fine-tune/settings.ts";
import { startStage } from "../../toolkit/fine-tune/stage.ts";
import { graft } from "../../toolkit/fine-tune/student.ts";
import { toBytes } from "../../toolkit/graph/tensor.ts";
import { imagenetNormalisation } from "../../toolkit/images/to-input.ts";
import { sharpDecoder } from "../../toolkit/images/sharp.ts";
import { decodeModel } from "../../toolkit/onnx/decode.ts";
import { readModelFile } from "../../toolkit/onnx/read-file.ts";
import { parametersOf } from "../../toolkit/passes/parameters.ts";
import { openCheckpoints } from "../../toolkit/train/checkpoint-folder.ts";
import { buildStep, constantsAsInputs } from "../../toolkit/train/step.ts";
import { fixture } from "../support/fixtures.ts";
import { directRuntime } from "../support/run-graph.ts";
import { writeToyPhotos } from "../support/toy-photos.ts";

const SMALL: FineTuneSettings = {
  mode: "partial",
  sizePx: 32,
  batchSize: 8,
  seed: 3,
  threads: 1,
  epochs: 3,
  rate: 0.01,
};
/** As the settings above have them with batches of 8: 24 photos to train, 12 to validate. */
const [TRAIN, VALIDATION] = [24, 12];
const FROM_LAYER4 = /^\/?layer4|^head|^fc/;

describe("fine-tune/partial", () => {
  let folder = "";
  let source: SourceModel;
  let folded: SourceModel;
  let dataset: Dataset;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "onnx-graft-partial-"));
    await writeToyPhotos(join(folder, "photos"));
    source = { model: await readModelFile(fixture("resnet18-width8/bn.onnx")), name: "bn", sha256: "01" };
    folded = { model: await readModelFile(fixture("resnet18-width8/folded.onnx")), name: "folded", sha256: "02" };
    dataset = await readDataset(join(folder, "photos"), { seed: 1 });
  });
  after(() => rm(folder, { recursive: true }));

  interface Given extends FineTuneSettings {
    readonly from?: SourceModel;
    readonly on?: Dataset;
    readonly run?: string;
    /** A folder for activations. */
    readonly cache?: string;
    readonly teacher?: SourceModel;
    readonly resume?: boolean;
    readonly signal?: AbortSignal;
  }

  async function start({ from = source, on = dataset, run, cache, ...settings }: Given): Promise<FineTuneRun> {
    const platform: Platform = {
      runtime: directRuntime,
      decoder: sharpDecoder(),
      hashFile,
      ...(run === undefined ? {} : { checkpoints: await openCheckpoints(join(folder, run)) }),
      ...(cache === undefined
        ? {}
        : { activationStore: (about) => openActivationCache({ folder: join(folder, cache), ...about }) }),
    };
    return fineTune({ ...SMALL, ...settings, source: from, dataset: on, platform });
  }

  async function read(given: Given): Promise<{ events: FineTuneEvent[]; result: FineTuneResult }> {
    const run = await start(given);
    const events: FineTuneEvent[] = [];
    for await (const event of run) events.push(event);
    return { events, result: await run.result };
  }

  const losses = (events: readonly FineTuneEvent[]): readonly number[] =>
    events.flatMap((e) => (e.kind === "step" ? [e.loss] : e.kind === "epoch" ? [e.evaluation?.loss ?? 0] : []));
  const notes = (events: readonly FineTuneEvent[]): string =>
    events.flatMap((e) => (e.kind === "note" ? [e.text] : [])).join("\n");
  const features = (events: readonly FineTuneEvent[]): Extract<FineTuneEvent, { kind: "features" }> =>
    events.findLast((e) => e.kind === "features") ?? assert.fail("nothing was computed");
  const close = (a: readonly number[], b: readonly number[], tolerance: number): void => {
    assert.equal(a.length, b.length);
    for (const [i, x] of a.entries()) assert.ok(Math.abs(x - (b[i] ?? 0)) <= tolerance, `${i}: ${x} and ${b[i]}`);
  };

  /** The losses of training the same weights in the whole network, whose other weights stand still. */
  async function wholeNetwork(from: SourceModel, chosen: FineTuneSettings): Promise<readonly number[]> {
    const settings = settle({ ...SMALL, ...chosen }, 32);
    const student = graft(from, dataset.classes, settings);
    const { input, graph, logits, operators } = student;
    const photos = openPhotos({
      ...dataset,
      classes: dataset.classes.length,
      input,
      settings,
      normalisation: imagenetNormalisation,
      decoder: sharpDecoder(),
      onBad: () => assert.fail("all can be read"),
    });
    const stage = networkStage(student, settings, photos, dataset.classes.length);
    const readers = graph.nodes.filter((node) => FROM_LAYER4.test(node.name ?? ""));
    const behind = new Set(readers.flatMap((node) => node.inputs.map((v) => v?.name)));
    const parameters = parametersOf(graph, operators).filter((name) => behind.has(name));
    const { schedule: _schedule, ...recipe } = recipeOf("network", settings, stage.stepsPerEpoch);
    const { training } = formsOf(student, chosen.batchNorm === "keep" ? "none" : "frozen");
    const step = buildStep(training, { ...recipe, parameters, logits }, operators);
    const forward = constantsAsInputs(training, parameters).graph;
    const run = await startStage(directRuntime, { ...stage, step, forward }, {});
    const events: FineTuneEvent[] = [];
    for await (const event of run.events) {
      if (event.kind === "step") events.push({ ...event, stage: "network" });
      else if (event.kind === "epoch") events.push({ ...event, stage: "network", best: false });
    }
    await run.session.release();
    return losses(events);
  }

  for (const [name, batchNorm, from] of [
    ["with frozen BatchNorm", "frozen", (): SourceModel => source],
    ["folded", "keep", (): SourceModel => folded],
  ] as const) {
    it(`has the losses of training the whole network with its front frozen, ${name}`, async () => {
      const chosen = { batchNorm, augment: false } as const;
      const { events, result } = await read({ from: from(), ...chosen });
      const expected = await wholeNetwork(from(), chosen);
      assert.ok(expected.length === 12 && (expected.at(-1) ?? 9) < (expected[0] ?? 0));
      close(losses(events), expected, 1e-5);
      assert.ok(result.parity && result.parity.largestDifference < 1e-4 && result.parity.flips === 0);
    });
  }

  it("changes the weights behind the cut and no others, and exports the whole network", async () => {
    const { result } = await read({ from: folded, batchNorm: "keep" });
    const [before, after] = [folded.model.graph, decodeModel(result.model ?? new Uint8Array()).graph];
    const changed = [...before.constants].filter(([name, t]) => {
      const now = after.constants.get(name);
      return now !== undefined && Buffer.compare(toBytes(t.data), toBytes(now.data)) !== 0;
    });
    const readers = changed.map(
      ([name]) => before.nodes.find((n) => n.inputs.some((v) => v?.name === name))?.name ?? "",
    );
    assert.equal(changed.length, 10, "five convolutions with their biases");
    assert.ok(
      readers.every((name) => name.startsWith("/layer4/")),
      readers.join(),
    );
    assert.deepEqual(
      after.inputs.map((v) => v.name),
      ["image"],
    );
  });

  it("restores the BatchNorm behind the cut alone, with batch statistics and all, and learns", async () => {
    const { events, result } = await read({ from: folded, batchNorm: "batch", epochs: 12, rate: 0.02 });
    assert.match(notes(events), /BatchNorm was folded into 5 convolutions: restored/);
    assert.match(notes(events), /BatchNorm uses the statistics of each batch/);
    assert.ok((result.evaluation?.top1 ?? 0) >= 0.75, `accuracy ${result.evaluation?.top1}`);
    assert.ok(result.parity && result.parity.largestDifference < 1e-4 && result.parity.flips === 0);
  });

  it("says where it cuts, what is trained, and what the activations take, before it begins", async () => {
    const { events } = await read({ epochs: 1, views: 2 });
    assert.match(notes(events), /frozen up to "\/layer3\/layer3.1\/relu_1\/Relu_output_0" \[N,32,2,2\]; the 7\d % of/);
    // 32 * 2 * 2 numbers of 4 bytes
    assert.match(
      notes(events),
      /its activations of 24 photos in 2 views each and 12 to validate take 31 kB in memory$/m,
    );
    const first = events.findIndex((e) => e.kind === "features");
    assert.ok(first > events.findIndex((e) => e.kind === "note" && e.text.startsWith("its activations")));
  });

  it("is the second stage of staged where a layer is named, with lower rates towards the cut", async () => {
    const { events, result } = await read({ mode: "staged", trainFrom: "layer3", headEpochs: 5, epochs: 2 });
    assert.deepEqual(
      result.stages.map((s) => s.stage),
      ["head", "network"],
    );
    assert.match(notes(events), /frozen up to "\/layer2\/layer2.1\/relu_1\/Relu_output_0"/);
    assert.ok(result.parity && result.parity.flips === 0);
  });

  it("gives the same whether activations are in memory or on disk, and nearly the same as float16", async () => {
    const memory = losses((await read({ views: 2 })).events);
    const disk = await read({ views: 2, cacheMemoryBytes: 0, cache: "disk" });
    assert.deepEqual(losses(disk.events), memory);
    assert.match(notes(disk.events), /kB in the cache folder$/m);
    const half = losses((await read({ views: 2, cacheType: "float16", cacheMemoryBytes: 0, cache: "disk" })).events);
    assert.notDeepEqual(half, memory);
    close(half, memory, 2e-3);
  });

  it("computes each view once: another run, and one that was stopped, find them", async () => {
    const total = 3 * TRAIN + VALIDATION;
    const first = await read({ views: 3, cache: "known" });
    assert.deepEqual(features(first.events), { kind: "features", done: total, total, known: 0 });
    const again = await read({ views: 3, cache: "known" });
    assert.deepEqual(features(again.events), { kind: "features", done: total, total, known: total });
    assert.deepEqual(losses(again.events), losses(first.events));
    const plain = features((await read({ cache: "known", epochs: 1 })).events);
    assert.deepEqual([plain.known, plain.total], [VALIDATION, TRAIN + VALIDATION], "a view is not the photo as served");

    const abort = new AbortController();
    const run = await start({ views: 3, cache: "stopped", signal: abort.signal });
    for await (const event of run) if (event.kind === "features" && event.done >= 40) abort.abort();
    assert.equal((await run.result).status, "stopped");
    const rest = await read({ views: 3, cache: "stopped" });
    assert.equal(features(rest.events).known, 40, "five batches of eight");
    assert.deepEqual(losses(rest.events), losses(first.events));
  });

  for (const mode of ["partial", "staged"] as const) {
    it(`resumes ${mode} where it was aborted and ends with the same bits`, async () => {
      const settings = { mode, unfreeze: 1, epochs: 4, headEpochs: 2, checkpointEvery: 2, views: 2 } as const;
      // enough for features, which are held in memory
      const given = { ...settings, from: folded, cache: `${mode}-cache`, cacheMemoryBytes: 20e3 };
      const whole = await read({ ...given, run: `${mode}-whole` });
      const abort = new AbortController();
      const run = await start({ ...given, run: `${mode}-cut`, signal: abort.signal });
      const seen: FineTuneEvent[] = [];
      for await (const event of run) {
        seen.push(event);
        if (event.kind === "step" && event.stage === "network" && event.step === 5) abort.abort();
      }
      assert.equal((await run.result).status, "stopped");
      const rest = await read({ ...given, run: `${mode}-cut`, resume: true });
      assert.deepEqual([...losses(seen), ...losses(rest.events)], losses(whole.events));
      assert.deepEqual(rest.result.model, whole.result.model, "the exported bytes are the same");
      const { known, total } = features(rest.events);
      assert.equal(known, total, "no view is computed again");
    });
  }

  it("trains the head on several views of each photo, too", async () => {
    const { events, result } = await read({ mode: "frozen", views: 3, epochs: 20, cropScale: 0.5 });
    assert.equal(features(events).total, 3 * TRAIN + VALIDATION);
    assert.ok((result.evaluation?.top1 ?? 0) >= 0.9, `accuracy ${result.evaluation?.top1}`);
    const plain = await read({ mode: "frozen", epochs: 20 });
    assert.notDeepEqual(losses(events), losses(plain.events));
  });

  it("leaves out a photo that cannot be read, in every view", async () => {
    await writeToyPhotos(join(folder, "bad"));
    await writeFile(join(folder, "bad/train/red/broken.jpg"), "<html>not a picture</html>");
    const on = await readDataset(join(folder, "bad"), { seed: 1 });
    const { events, result } = await read({ on, views: 2, cache: "bad" });
    assert.deepEqual(
      result.bad.map((b) => b.code),
      ["E_IMAGE_FORMAT"],
    );
    assert.equal(events.filter((e) => e.kind === "step").length, 9, "24 photos in batches of 8, three epochs");
    const again = await read({ on, views: 2, cache: "bad" });
    assert.equal(features(again.events).known, 2 * TRAIN + VALIDATION);
    assert.deepEqual(losses(again.events), losses(events));
  });

  it("refuses before any photo is read what cannot be cut, cached or taught", async () => {
    const refused = async (given: Given, error: object): Promise<void> => {
      const run = await start(given);
      const events: FineTuneEvent[] = [];
      await assert.rejects(
        (async () => {
          for await (const event of run) events.push(event);
        })(),
        error,
      );
      assert.deepEqual(events, []);
    };
    await refused({ trainFrom: "layr4" }, { code: "E_SETTING", hint: /^did you mean "layer4"/ });
    await refused({ unfreeze: 9 }, { code: "E_SETTING", message: /Cannot unfreeze 9 stages/ });
    await refused(
      { views: 3, cacheMemoryBytes: 35e3 },
      {
        code: "E_SETTING",
        message: /in 3 views each and 12 to validate: they take 44 kB, expected at most 35 kB$/,
        hint: /^use --views 2, or halve them with --cache-type float16, or .* --cache-memory 0.1$/,
      },
    );
    await refused({ teacher: source }, { code: "E_SETTING", message: /^Cannot learn from the teacher/ });
  });
});
