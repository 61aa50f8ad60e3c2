import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pack } from "tar-stream";
import { type Dataset, readDataset } from "../../toolkit/data/dataset.ts";
import { hashFile } from "../../toolkit/data/hash.ts";
import type { FineTuneResult } from "../../toolkit/fine-tune/events.ts";
import { fineTune } from "../../toolkit/fine-tune/fine-tune.ts";
import { worstMistakes } from "../../toolkit/fine-tune/mistakes.ts";
import type { FeatureStore } from "../../toolkit/fine-tune/platform.ts";
import { sharpDecoder } from "../../toolkit/images/sharp.ts";
import { readModelFile } from "../../toolkit/onnx/read-file.ts";
import { fixture } from "../support/fixtures.ts";
import { directRuntime } from "../support/run-graph.ts";
import { writeToyPhotos } from "../support/toy-photos.ts";

async function writeTar(folder: string, path: string): Promise<void> {
  const tar = pack();
  const files = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const file of files.filter((f) => f.isFile())) {
    const place = join(file.parentPath, file.name);
    tar.entry({ name: place.slice(folder.length + 1).replaceAll("\\", "/") }, await readFile(place));
  }
  tar.finalize();
  const pieces: Uint8Array[] = [];
  for await (const piece of tar) pieces.push(piece as Uint8Array);
  await writeFile(path, Buffer.concat(pieces));
}

describe("fine-tune/fine-tune on an archive", () => {
  let root = "";
  let fromFolder: Dataset;
  let fromTar: Dataset;
  before(async () => {
    root = await mkdtemp(join(tmpdir(), "graft-archive-"));
    await writeToyPhotos(join(root, "photos"), { train: 4, validation: 2 });
    await writeTar(join(root, "photos"), join(root, "photos.tar"));
    fromFolder = await readDataset(join(root, "photos"));
    fromTar = await readDataset(join(root, "photos.tar"));
  });
  after(() => rm(root, { recursive: true }));

  async function train(
    dataset: Dataset,
    mode: "frozen" | "full",
    features = new Map<string, Float32Array>(),
  ): Promise<{ readonly losses: readonly number[]; readonly result: FineTuneResult }> {
    const store: FeatureStore = {
      get: (hash) => features.get(hash),
      put: (hash, row) => void features.set(hash, row),
      close: () => Promise.resolve(),
    };
    const run = fineTune({
      source: { model: await readModelFile(fixture("resnet18-width8/bn.onnx")), name: "bn", sha256: "01" },
      platform: {
        runtime: directRuntime,
        decoder: sharpDecoder(),
        hashFile,
        featureStore: () => Promise.resolve(store),
      },
      dataset,
      mode,
      epochs: 2,
      rate: 0.01,
      sizePx: 32,
      batchSize: 4,
      seed: 3,
      threads: 1,
    });
    const losses: number[] = [];
    for await (const event of run) if (event.kind === "step") losses.push(event.loss);
    return { losses, result: await run.result };
  }

  it("trains as on the folder that it was made of", async () => {
    const [folder, tar] = [await train(fromFolder, "full"), await train(fromTar, "full")];
    assert.equal(folder.losses.length, 6);
    assert.deepEqual(tar.losses, folder.losses);
    assert.deepEqual(tar.result.evaluation, folder.result.evaluation);
    assert.deepEqual(tar.result.bad, []);
  });

  it("finds the features that the folder's photos have left", async () => {
    const features = new Map<string, Float32Array>();
    const folder = await train(fromFolder, "frozen", features);
    const { size } = features;
    assert.equal(size, 18);
    assert.deepEqual((await train(fromTar, "frozen", features)).losses, folder.losses);
    assert.equal(features.size, size);
  });

  it("shows the mistakes' pictures", async () => {
    const { result } = await train(fromTar, "frozen");
    assert.ok(result.evaluation);
    // as if every photo were of the class after its own
    const evaluation = { ...result.evaluation, labels: result.evaluation.labels.map((label) => (label + 1) % 3) };
    const show = (dataset: Dataset): ReturnType<typeof worstMistakes> =>
      worstMistakes(evaluation, dataset.classes, { samples: dataset.validation, decoder: sharpDecoder() });
    const shown = await show(fromTar);
    assert.ok(shown.length > 0);
    assert.deepEqual(shown, await show(fromFolder));
  });
});
