import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findArchitecture } from "../../models/architectures.ts";
import { untrainedModel } from "../../models/untrained-model.ts";
import { readDataset } from "../../toolkit/data/dataset.ts";
import { hashFile } from "../../toolkit/data/hash.ts";
import { fineTune } from "../../toolkit/fine-tune/fine-tune.ts";
import type { FineTuneResult } from "../../toolkit/fine-tune/events.ts";
import type { SourceModel } from "../../toolkit/export/source-model.ts";
import { sharpDecoder } from "../../toolkit/images/sharp.ts";
import { openModel } from "../../toolkit/node.ts";
import { directRuntime } from "../support/run-graph.ts";
import { writeToyPhotos } from "../support/toy-photos.ts";

describe("models/untrained-model", () => {
  let folder = "";
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "onnx-graft-untrained-"));
    await writeToyPhotos(folder, { train: 8, validation: 4, sizePx: 32 });
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const scratch = async (source: SourceModel): Promise<FineTuneResult> =>
    fineTune({
      mode: "scratch",
      epochs: 12,
      batchSize: 8,
      augment: false,
      rate: 0.01,
      keep: "last",
      source,
      dataset: await readDataset(folder),
      platform: { runtime: directRuntime, decoder: sharpDecoder(), hashFile },
    }).result;

  for (const name of ["mlp-dropout", "small-cnn-bn", "residual-cnn"]) {
    it(`${name} learns colours from random weights, and is exported as it was trained`, async () => {
      const architecture = findArchitecture(name);
      assert.ok(architecture);
      const { stages, parity, classes } = await scratch(untrainedModel(architecture, { sizePx: 16 }));
      assert.deepEqual(classes, ["blue", "green", "red"]);
      assert.equal(stages[0]?.final.top1, 1);
      assert.equal(parity?.flips, 0);
    });
  }

  it("openModel() builds an architecture by its name where random weights are asked for, at the size asked for", async () => {
    const source = await openModel("convnet", { weights: "random", sizePx: 24, seed: 3, offline: true });
    assert.deepEqual([source.name, source.sizePx], ["convnet", 24]);
    assert.deepEqual(source.model.graph.inputs[0]?.shape, ["N", 3, 24, 24]);
  });

  it("openModel() builds a resnet18 that needs no file, though there is a card of that name", async () => {
    const source = await openModel("resnet18", { weights: "random", offline: true });
    assert.deepEqual(source.model.graph.outputs[0]?.shape, ["N", 1000]);
  });

  it("openModel() refuses an architecture where trained weights are needed", async () => {
    await assert.rejects(openModel("small-cnn"), {
      code: "E_MODEL_UNKNOWN",
      message: 'Cannot find weights for "small-cnn": it is an architecture only',
      hint: "train it from random weights: --mode scratch --model small-cnn",
    });
  });
});
