import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readDataset } from "../../../toolkit/data/dataset.ts";
import type { Dataset } from "../../../toolkit/data/dataset.ts";
import { hashFile } from "../../../toolkit/data/hash.ts";
import type { SourceModel } from "../../../toolkit/export/source-model.ts";
import { fineTune } from "../../../toolkit/fine-tune/fine-tune.ts";
import type { FineTuneSettings } from "../../../toolkit/fine-tune/settings.ts";
import { sharpDecoder } from "../../../toolkit/images/sharp.ts";
import { readModelFile } from "../../../toolkit/onnx/read-file.ts";
import { fixture } from "../../support/fixtures.ts";
import { directRuntime } from "../../support/run-graph.ts";
import { writeToyPhotos } from "../../support/toy-photos.ts";

describe("fine-tune/probes/probe-training", () => {
  let folder = "";
  let dataset: Dataset;
  let source: SourceModel;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "onnx-graft-probes-"));
    await writeToyPhotos(folder, { train: 6, validation: 3, sizePx: 32 });
    dataset = await readDataset(folder, { seed: 0 });
    source = { model: await readModelFile(fixture("resnet18-width8/bn.onnx")), name: "bn", sha256: "01" };
  });
  after(() => rm(folder, { recursive: true }));

  /** What a run says of itself. */
  async function notes(
    settings: FineTuneSettings,
    given: { readonly source?: SourceModel; readonly dataset?: Dataset } = {},
  ): Promise<readonly string[]> {
    const platform = { runtime: directRuntime, decoder: sharpDecoder(), hashFile };
    const common = { source, dataset, platform, sizePx: 32, epochs: 1, headEpochs: 2, batchSize: 6, threads: 1 };
    const found: string[] = [];
    for await (const event of fineTune({ ...common, ...settings, ...given }))
      if (event.kind === "note") found.push(event.text);
    return found;
  }

  const about = (found: readonly string[], start: string): readonly string[] =>
    found.filter((text) => text.startsWith(start));

  it("says in the first seconds what the photos look like and where the loss starts, and warns of nothing where all is well", async () => {
    for (const mode of ["frozen", "full", "staged"] as const) {
      const found = await notes({ mode });
      assert.match(about(found, "inputs:")[0] ?? "", /^inputs: red, green, blue have mean .* and std .*, from -?\d/);
      assert.match(about(found, "loss at start:")[0] ?? "", /guessing gives log 3 = 1\.099$/);
      assert.deepEqual([about(found, "inputs:").length, about(found, "loss at start:").length], [1, 1], mode);
      assert.deepEqual(about(found, "warning: the first step"), []);
      assert.deepEqual(about(found, "warning: inputs"), []);
    }
  });

  it("warns of statistics in units of 0..255, before any training", async () => {
    const found = await notes({ mode: "frozen" }, { source: { ...source, mean: [124, 116, 104], std: [58, 57, 57] } });
    const [warning] = about(found, "warning: inputs:");
    assert.match(warning ?? "", /--mean and --std are in units of 0\.\.1/);
  });

  it("warns of a first step that replaces a weight, by the layer's name", async () => {
    const found = await notes({ mode: "full", rate: 1, optimizer: "adam" });
    assert.match(about(found, "warning: the first step")[0] ?? "", /\(rate 1\) changed ".*" by \d+ %/);
  });

  it("warns of layers that the first step does not reach", async () => {
    const { graph } = source.model;
    const dead = new Map(
      [...graph.constants].map(([name, t]) =>
        name.includes("layer4") && t.dtype === "float32"
          ? [name, { ...t, data: new Float32Array(t.data.length) }]
          : [name, t],
      ),
    );
    const silent = { ...source, model: { ...source.model, graph: { ...graph, constants: dead } } };
    const found = await notes({ mode: "full", batchNorm: "frozen", keep: "last" }, { source: silent });
    assert.match(
      about(found, "warning: the first step did not change")[0] ?? "",
      /and \d+ more: their gradients are zero/,
    );
  });

  it("says at the end where nothing was learnt from the pictures", async () => {
    // with every label on every colour
    const mixed = dataset.train.map((sample, i) => ({ ...sample, label: i % 3 === 0 ? 1 : 0 }));
    const validation = dataset.validation.map((sample) => ({ ...sample, label: 0 }));
    const found = await notes({ mode: "frozen", rate: 0 }, { dataset: { ...dataset, train: mixed, validation } });
    assert.equal(about(found, "warning: nothing was learnt from the pictures").length, 1);
    assert.equal(
      about(await notes({ mode: "frozen", rate: 0.01, epochs: 10 }), "warning: nothing was learnt").length,
      0,
    );
  });

  it("does not end a run where none of the photos that it looks at can be read", async () => {
    await writeToyPhotos(join(folder, "more"), { train: 12, validation: 2, sizePx: 32 });
    const many = await readDataset(join(folder, "more"), { seed: 0 });
    const looked = Array.from({ length: 16 }, (_, i) => many.train[Math.floor((i * many.train.length) / 16)]);
    for (const sample of looked) if (sample) await writeFile(sample.path, "no picture");
    const found = await notes({ mode: "frozen" }, { dataset: many });
    assert.deepEqual(about(found, "inputs:"), []);
    assert.equal(about(found, "loss at start:").length, 1);
  });
});
