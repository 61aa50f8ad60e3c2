import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkLoss, lossPoints } from "../../toolkit/export/check-loss.ts";
import { measuredPhotos } from "../../toolkit/export/measured-photos.ts";
import { readMetadata } from "../../toolkit/export/metadata.ts";
import { reducePrecision } from "../../toolkit/export/reduce-precision.ts";
import type { ReducedModel, ReducePrecisionOptions } from "../../toolkit/export/reduce-precision.ts";
import type { SourceModel } from "../../toolkit/export/source-model.ts";
import { sharpDecoder } from "../../toolkit/images/sharp.ts";
import { openTagger } from "../../toolkit/label/tagger.ts";
import { decodeModel } from "../../toolkit/onnx/decode.ts";
import { readModelFile } from "../../toolkit/onnx/read-file.ts";
import { normalise } from "../../toolkit/passes/normalise.ts";
import { precisionOf } from "../../toolkit/passes/precision-of.ts";
import { fixture } from "../support/fixtures.ts";
import { directRuntime } from "../support/run-graph.ts";
import { writeToyPhotos } from "../support/toy-photos.ts";

const LABELS = ["red", "green", "blue", ...Array.from({ length: 7 }, (_, i) => `other ${i}`)];

/** A clock that moves by a second whenever somebody looks: each turn of the timing is one run. */
function clock(): () => number {
  let now = 0;
  return () => (now += 1000);
}

describe("export/reduce-precision", () => {
  let folder = "";
  let source: SourceModel;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "onnx-graft-reduce-"));
    await writeToyPhotos(join(folder, "photos"), { train: 1, validation: 3, sizePx: 64 });
    await writeFile(join(folder, "photos", "val", "red", "broken.png"), "no picture");
    const model = await readModelFile(fixture("resnet18-width8/folded.onnx"));
    source = { model, name: "small", sha256: "", sizePx: 32, labels: LABELS };
  });
  after(() => rm(folder, { recursive: true, force: true }));

  async function reduce(
    options: Pick<ReducePrecisionOptions, "precision"> & Partial<ReducePrecisionOptions>,
  ): Promise<{ reduced: ReducedModel; tasks: readonly string[] }> {
    const { photos } = await measuredPhotos(join(folder, "photos"), LABELS);
    const parts = { runtime: directRuntime, decoder: sharpDecoder(), now: clock() };
    const work = reducePrecision({ source, photos, ...parts, ...options });
    const tasks: string[] = [];
    let item = await work.next();
    for (; !item.done; item = await work.next()) {
      assert.ok(item.value.done <= item.value.total);
      tasks.push(item.value.task);
    }
    return { reduced: item.value, tasks: [...new Set(tasks)] };
  }

  it("writes an int8 file that labels photos as the model did, and says what it cost and gained", async () => {
    const { reduced, tasks } = await reduce({ precision: "int8" });
    assert.deepEqual(tasks, ["calibrate", "time", "compare"]);
    const { bytes, answers, speed, calibrated, bad } = reduced;
    assert.equal(bytes.after, reduced.model.byteLength);
    assert.ok(bytes.after < 0.5 * bytes.before, `${bytes.after} of ${bytes.before}`);
    assert.deepEqual([answers.count, answers.labelled.count, calibrated], [9, 9, 9]);
    assert.ok(answers.largestDifference > 0 && answers.largestDifference < 0.1, `${answers.largestDifference}`);
    assert.deepEqual(
      speed.map(({ batchSize, before, after }) => [batchSize, before, after]),
      [
        [1, 1, 1],
        [32, 32, 32],
      ],
    );
    assert.deepEqual(
      bad.map(({ path, code }) => [path.endsWith("broken.png"), code]),
      [[true, "E_IMAGE_FORMAT"]],
    );

    const model = decodeModel(reduced.model);
    assert.equal(precisionOf(model.graph), "int8");
    assert.deepEqual(readMetadata(model)?.labels, LABELS);
    const tagger = await openTagger({
      source: { model, name: "int8", sha256: "" },
      runtime: directRuntime,
      decoder: sharpDecoder(),
    });
    const photo = await tagger.label(join(folder, "photos", "val", "red", "red-0.png"), { top: 10 });
    assert.equal(photo.labels.length, 10);
    assert.equal(photo.features.length, 64);
    await tagger.close();
  });

  it("writes a float16 file without photos, and says that its answers were not measured", async () => {
    const { reduced, tasks } = await reduce({ precision: "float16", photos: [] });
    assert.deepEqual(tasks, ["time"]);
    assert.equal(lossPoints(reduced.answers), undefined);
    assert.equal(checkLoss(reduced, 0), reduced);
    assert.equal(precisionOf(decodeModel(reduced.model).graph), "float16");
  });

  it("can be trained and reduced again as float32 would be, under the same names", async () => {
    const { reduced } = await reduce({ precision: "int8" });
    const { graph } = normalise(decodeModel(reduced.model));
    const weights = [...normalise(source.model).graph.constants].filter(([, t]) => t.shape.length > 1);
    for (const [name, t] of weights) assert.deepEqual(graph.constants.get(name)?.shape, t.shape, name);
  });

  it("calibrates on other photos where some are given", async () => {
    const calibration = [join(folder, "photos", "train", "blue", "blue-0.png")];
    const { reduced } = await reduce({ precision: "int8", calibration });
    assert.deepEqual([reduced.calibrated, reduced.answers.count], [1, 9]);
  });

  it("refuses to calibrate on nothing, and to reduce what is reduced already", async () => {
    await assert.rejects(reduce({ precision: "int8", photos: [] }), { code: "E_SETTING" });
    const broken = [join(folder, "photos", "val", "red", "broken.png")];
    await assert.rejects(reduce({ precision: "int8", calibration: broken }), { code: "E_SETTING" });
    const { reduced } = await reduce({ precision: "float16", photos: [] });
    const again = { model: decodeModel(reduced.model), name: "again", sha256: "" };
    await assert.rejects(reduce({ precision: "float16", source: again }), { code: "E_SETTING", message: /already/ });
    assert.equal(
      precisionOf(decodeModel((await reduce({ precision: "int8", source: again })).reduced.model).graph),
      "int8",
    );
  });

  it("measuredPhotos takes folders that are no labels as photos without a class", async () => {
    const { photos } = await measuredPhotos(join(folder, "photos"), ["cat", "dog"]);
    assert.equal(photos.length, 13);
    assert.ok(photos.every(({ label }) => label === undefined));
    await assert.rejects(measuredPhotos(join(folder, "nowhere"), LABELS), { code: "E_DATA_NOT_FOUND" });
  });
});
