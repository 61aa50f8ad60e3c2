import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readDataset } from "../../toolkit/data/dataset.ts";
import { hashFile } from "../../toolkit/data/hash.ts";
import type { SourceModel } from "../../toolkit/export/source-model.ts";
import type { FineTuneEvent } from "../../toolkit/fine-tune/events.ts";
import { fineTune } from "../../toolkit/fine-tune/fine-tune.ts";
import type { FineTuneRun } from "../../toolkit/fine-tune/fine-tune.ts";
import { writeStep } from "../../toolkit/fine-tune/formulations.ts";
import type { Formulations } from "../../toolkit/fine-tune/formulations.ts";
import { openRunFolder, recordRun } from "../../toolkit/fine-tune/run-folder.ts";
import type { Saved } from "../../toolkit/fine-tune/run-state.ts";
import { GraphBuilder } from "../../toolkit/graph/builder.ts";
import type { Value } from "../../toolkit/graph/ir.ts";
import { fillNormal } from "../../toolkit/graph/random.ts";
import { float32, sizeOf } from "../../toolkit/graph/tensor.ts";
import { sharpDecoder } from "../../toolkit/images/sharp.ts";
import { softmaxCrossEntropy } from "../../toolkit/losses/softmax-cross-entropy.ts";
import { readModelFile } from "../../toolkit/onnx/read-file.ts";
import { operators } from "../../toolkit/operators/index.ts";
import { sgd } from "../../toolkit/optimizers/sgd.ts";
import { openCheckpoints } from "../../toolkit/train/checkpoint-folder.ts";
import type { CheckpointFolder } from "../../toolkit/train/checkpoint-folder.ts";
import { buildStep } from "../../toolkit/train/step.ts";
import type { Step } from "../../toolkit/train/step.ts";
import { fixture } from "../support/fixtures.ts";
import { directRuntime } from "../support/run-graph.ts";
import { writeToyPhotos } from "../support/toy-photos.ts";

/** A convolution that fills blocks of either size, ReLU, and a head. */
function toyStep(): Step {
  const b = new GraphBuilder(operators);
  const weight = (name: string, shape: readonly number[]): Value =>
    b.constant(float32(shape, fillNormal(sizeOf(shape), 1, name.length)), name);
  const x = b.input("x", "float32", [2, 3, 8, 8]);
  const maps = b.op("Relu", [b.op("Conv", [x, weight("stem", [16, 3, 3, 3])])]);
  const features = b.op("Flatten", [b.op("GlobalAveragePool", [maps])]);
  b.op("Gemm", [features, weight("head", [16, 4])], {}, { outputs: ["logits"] });
  const graph = b.build([b.value("logits") as Value]);
  const settings = { parameters: ["stem", "head"], logits: "logits", loss: softmaxCrossEntropy(), optimizer: sgd() };
  return buildStep(graph, settings, operators);
}

describe("fine-tune/formulations", () => {
  const step = toyStep();
  const at = (blockSize: number): Parameters<typeof writeStep>[1] => ({
    provider: "cpu",
    dims: new Map(),
    blockSize,
    operators,
  });

  it("writeStep() names the formulations it took, and has nothing to say of a new run", () => {
    const blocked = writeStep(step, at(16));
    assert.equal(blocked.formulations.blockSize, 16);
    assert.deepEqual(blocked.formulations.forms, [...blocked.lowered.forms.keys()].toSorted());
    assert.ok(blocked.formulations.forms.includes("conv-blocked"));
    assert.deepEqual(blocked.notes, []);
    const plain = writeStep(step, at(0));
    assert.ok(plain.formulations.forms.every((name) => !name.includes("blocked")));
    assert.ok(plain.formulations.forms.includes("relu-steep-slope"));
  });

  it("writeStep() takes the formulations of the run that is resumed, and says nothing where it has them all", () => {
    for (const blockSize of [0, 8, 16]) {
      const first = writeStep(step, at(blockSize));
      const again = writeStep(step, at(blockSize), first.formulations);
      assert.deepEqual(again.formulations, first.formulations);
      assert.deepEqual(again.notes, []);
      assert.deepEqual(again.lowered, first.lowered);
    }
    const { forms } = writeStep(step, at(0)).formulations;
    const other = forms.map((name) => (name === "relu-steep-slope" ? "relu-comparison" : name));
    const resumed = writeStep(step, at(0), { blockSize: 0, forms: other });
    assert.deepEqual(resumed.formulations.forms, other.toSorted());
    assert.deepEqual(resumed.notes, []);
  });

  it("writeStep() says so where the run was begun in other blocks, and writes it in this machine's", () => {
    const [eight, plain] = [writeStep(step, at(8)), writeStep(step, at(0))];
    const here = writeStep(step, at(16), eight.formulations);
    assert.deepEqual(here.formulations, writeStep(step, at(16)).formulations);
    assert.match(here.notes.join("\n"), /^the run was begun with blocks of 8 channels, this machine has blocks of 16/);
    const [note = ""] = writeStep(step, at(16), plain.formulations).notes;
    assert.match(note, /begun with plain operators, this machine has blocks of 16 channels: the results differ/);
  });

  it("writeStep() names the formulations that are missing, and those in their place", () => {
    const first = writeStep(step, at(0)).formulations;
    const gone = first.forms.map((name) => (name === "relu-steep-slope" ? "relu-of-old" : name));
    const other = writeStep(step, at(0), { blockSize: 0, forms: gone });
    assert.deepEqual(other.formulations, first);
    assert.match(
      other.notes.join("\n"),
      /not be written as before, but without relu-of-old and with relu-steep-slope:/u,
    );
    const more = writeStep(step, at(0), { blockSize: 0, forms: [...first.forms, "relu-of-old"] });
    assert.match(more.notes.join("\n"), /as before, but without relu-of-old:/);
  });

  it("writeStep() goes on with a run of another device as this one writes it, and says so", () => {
    const there = writeStep(step, { ...at(0), provider: "webgpu" });
    assert.deepEqual([there.formulations.provider, there.notes], ["webgpu", []]);
    const here = writeStep(step, at(16), there.formulations);
    assert.deepEqual(here.formulations, writeStep(step, at(16)).formulations);
    const last = "the results differ in the last digits from those of an uninterrupted run";
    assert.deepEqual(here.notes, [`the run was begun on webgpu, this goes on with it on the CPU: ${last}`]);
    // in plain operators both are written alike, and still compute in other orders
    const plain = writeStep(step, at(0), there.formulations);
    assert.deepEqual(plain.formulations.forms, writeStep(step, at(0)).formulations.forms);
    assert.match(plain.notes.join("\n"), /^the run was begun on webgpu/);
    const back = writeStep(step, { ...at(0), provider: "webgpu" }, plain.formulations);
    assert.match(back.notes.join("\n"), /^the run was begun on the CPU, this goes on with it on webgpu: /);
    assert.deepEqual(writeStep(step, { ...at(0), provider: "webgpu" }, there.formulations).notes, []);
  });

  it("writeStep() takes what was chosen, unless a run is resumed", () => {
    const { forms } = writeStep(step, at(0)).formulations;
    const chosen = {
      blockSize: 0,
      forms: forms.map((name) => (name === "relu-steep-slope" ? "relu-comparison" : name)),
    };
    assert.ok(writeStep(step, at(0), undefined, chosen).formulations.forms.includes("relu-comparison"));
    assert.deepEqual(writeStep(step, at(0), undefined, chosen).notes, []);
    assert.deepEqual(writeStep(step, at(0), { blockSize: 0, forms }, chosen).formulations.forms, forms);
  });

  describe("in a run", () => {
    let folder = "";
    let source: SourceModel;
    before(async () => {
      folder = await mkdtemp(join(tmpdir(), "onnx-graft-forms-"));
      await writeToyPhotos(join(folder, "photos"));
      source = { model: await readModelFile(fixture("resnet18-width8/bn.onnx")), name: "bn", sha256: "01" };
    });
    after(() => rm(folder, { recursive: true }));

    async function start(
      checkpoints: CheckpointFolder,
      more: { resume?: boolean; signal?: AbortSignal } = {},
    ): Promise<FineTuneRun> {
      const dataset = await readDataset(join(folder, "photos"), { seed: 1 });
      const platform = { runtime: directRuntime, decoder: sharpDecoder(), hashFile, checkpoints };
      const settings = { mode: "full", epochs: 2, rate: 0.01, batchSize: 8, sizePx: 32, seed: 3, threads: 1 } as const;
      return fineTune({ ...settings, source, dataset, platform, ...more });
    }

    const written = (events: readonly FineTuneEvent[]): readonly Formulations[] =>
      events.flatMap((e) => (e.kind === "formulations" ? [{ blockSize: e.blockSize, forms: e.forms }] : []));

    const notes = (events: readonly FineTuneEvent[]): readonly string[] =>
      events.flatMap((e) => (e.kind === "note" ? [e.text] : []));

    /** Ends a run after its first epoch. */
    async function cut(checkpoints: CheckpointFolder): Promise<readonly FineTuneEvent[]> {
      const abort = new AbortController();
      const run = await start(checkpoints, { signal: abort.signal });
      const events: FineTuneEvent[] = [];
      for await (const event of run) {
        events.push(event);
        if (event.kind === "epoch") abort.abort();
      }
      assert.equal((await run.result).status, "stopped");
      return events;
    }

    async function resume(checkpoints: CheckpointFolder): Promise<readonly FineTuneEvent[]> {
      const run = await start(checkpoints, { resume: true });
      const events: FineTuneEvent[] = [];
      for await (const event of run) events.push(event);
      assert.equal((await run.result).status, "done");
      return events;
    }

    it("recordRun() writes them into config.json, by stage", async () => {
      const run = await openRunFolder(join(folder, "recorded"));
      const events: FineTuneEvent[] = [];
      const recorded = recordRun(await start(await openCheckpoints(run.checkpoints)), {
        folder: run,
        about: { model: "bn", trainImages: 1, validationImages: 1, settings: { rate: 0.01 }, versions: {} },
        mistakes: { decoder: sharpDecoder(), samples: [] },
        now: () => 0,
        today: () => new Date(0),
      });
      for await (const event of recorded) {
        events.push(event);
        if (event.kind === "epoch") break;
      }
      const config = JSON.parse(await readFile(join(run.path, "config.json"), "utf8")) as Record<string, unknown>;
      assert.equal(written(events).length, 1);
      assert.ok(written(events)[0]?.forms.length);
      assert.deepEqual(config["formulations"], { network: written(events)[0] });
    });

    it("a checkpoint holds them, and a resumed run takes them without a word", async () => {
      const checkpoints = await openCheckpoints(join(folder, "held"));
      const [first] = written(await cut(checkpoints));
      const saved = (await checkpoints.latest())?.checkpoint.header as unknown as Saved;
      assert.deepEqual(saved.formulations, first);
      const events = await resume(checkpoints);
      assert.deepEqual(written(events), [first]);
      assert.ok(!notes(events).some((text) => /as before|begun/.test(text)), notes(events).join("\n"));
    });

    /** The same checkpoints, of a run that had these formulations. */
    function having(
      checkpoints: CheckpointFolder,
      change: (forms: readonly string[]) => readonly string[],
    ): CheckpointFolder {
      const latest: CheckpointFolder["latest"] = async () => {
        const found = await checkpoints.latest();
        assert.ok(found);
        const { header, tensors } = found.checkpoint;
        const { blockSize, forms } = (header as unknown as Saved).formulations as Formulations;
        return {
          ...found,
          checkpoint: { header: { ...header, formulations: { blockSize, forms: change(forms) } }, tensors },
        };
      };
      return { ...checkpoints, latest };
    }

    it("a resumed run takes those of its checkpoint where there is a choice, and names what it has not", async () => {
      const checkpoints = await openCheckpoints(join(folder, "other"));
      const [first] = written(await cut(checkpoints));
      const others = (first?.forms ?? []).filter((name) => !name.startsWith("relu-"));
      assert.notEqual(others.length, first?.forms.length);
      const events = await resume(having(checkpoints, () => [...others, "relu-comparison", "relu-of-old"]));
      const forms = written(events)[0]?.forms ?? [];
      assert.deepEqual(
        forms.filter((name) => name.startsWith("relu-")),
        ["relu-comparison"],
      );
      assert.match(notes(events).join("\n"), /not be written as before, but without .*relu-of-old:/);
    });
  });
});
