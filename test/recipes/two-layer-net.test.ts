import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { learnTwoLayers, main } from "../../recipes/two-layer-net.ts";
import { checkGradient } from "../../recipes/two-layer-net/check-gradient.ts";
import { drawFilters } from "../../recipes/two-layer-net/draw-filters.ts";
import { pick, PICTURE, readCifar10, readJpegs } from "../../recipes/two-layer-net/pictures.ts";
import { float32 } from "../../toolkit/graph/tensor.ts";
import { itShared } from "../support/fixtures.ts";
import { directRuntime } from "../support/run-graph.ts";

describe("recipes/two-layer-net", () => {
  let folder = "";
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "onnx-graft-two-layer-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it("checkGradient() finds the step's gradients within 1e-5 of differences in double precision", async () => {
    const errors = await checkGradient(directRuntime);
    assert.deepEqual(
      errors.map(({ parameter }) => parameter),
      ["fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"],
    );
    for (const { parameter, error } of errors) assert.ok(error < 1e-5, `${parameter}: ${error}`);
  });

  it("learnTwoLayers() on made-up pictures searches, learns, draws the first layer and writes its figures", async function () {
    this.timeout(120_000);
    const lines: string[] = [];
    const say = (line: string): void => void lines.push(line);
    const claims = await learnTwoLayers({ runtime: directRuntime, say, out: folder });
    assert.deepEqual(
      claims.map(({ holds }) => holds),
      [true, true, undefined],
    );
    assert.equal(lines.filter((line) => /^ {3}rate .* regularisation .* hidden .* %$/.test(line)).length, 3);
    const result = JSON.parse(await readFile(join(folder, "result.json"), "utf8")) as {
      setting: { hidden: number };
      test: number;
    };
    assert.ok(result.test > 0.1, `${result.test} of the test pictures`);
    const { width, format } = await sharp(join(folder, "first-layer.png")).metadata();
    assert.equal(format, "png");
    assert.equal(width, Math.ceil(Math.sqrt(result.setting.hidden)) * 34 + 2);
  });

  it("readCifar10() reads the official records: a class, then planes of red, green and blue", async () => {
    const record = (label: number, value: number): Uint8Array =>
      Uint8Array.from([label, ...new Uint8Array(PICTURE).fill(value)]);
    await writeFile(join(folder, "data_batch_1.bin"), Buffer.concat([record(3, 10), record(9, 20)]));
    await writeFile(join(folder, "data_batch_2.bin"), record(1, 30));
    await writeFile(join(folder, "test_batch.bin"), record(7, 40));
    const { train, test } = await readCifar10(folder);
    assert.deepEqual([...train.labels, ...test.labels], [3, 9, 1, 7]);
    assert.deepEqual([train.planes[PICTURE - 1], train.planes[PICTURE], test.planes[0]], [10, 20, 40]);
    const picked = pick(train, [2, 0]);
    assert.deepEqual([...picked.labels, picked.planes[0], picked.planes[PICTURE]], [1, 3, 30, 10]);
  });

  it("readCifar10() reads JPEG files that lie one after the other", async () => {
    const jpeg = async (r: number, g: number, b: number): Promise<Buffer> =>
      sharp({ create: { width: 32, height: 32, channels: 3, background: { r, g, b } } })
        .jpeg({ quality: 100 })
        .toBuffer();
    const [red, blue] = [await jpeg(250, 10, 10), await jpeg(10, 10, 250)];
    for (const name of ["train", "test"]) {
      const images = [
        ["a.jpg", 4, 0, red.length],
        ["b.jpg", 5, red.length, blue.length],
      ];
      await writeFile(join(folder, `${name}.bin`), Buffer.concat([red, blue]));
      await writeFile(join(folder, `${name}.json`), JSON.stringify({ bin: `${name}.bin`, images }));
    }
    const { train } = await readCifar10(folder);
    assert.deepEqual([...train.labels], [4, 5]);
    const planes = [0, 1024, 2048, 3072, 4096, 5120].map((at) => train.planes[at] ?? 0);
    for (const [i, v] of [250, 10, 10, 10, 10, 250].entries())
      assert.ok(Math.abs((planes[i] ?? 0) - v) <= 3, planes.join());
  });

  it("readCifar10() says what it expected", async () => {
    await assert.rejects(readCifar10(folder), { code: "E_DATA_FORMAT", message: /expected data_batch_1\.bin/ });
  });

  itShared("readJpegs() reads 1,000 test pictures of each class", "data/cifar10", async (path) => {
    const test = await readJpegs(path, "test.json");
    assert.deepEqual(
      Array.from({ length: 10 }, (_, k) => test.labels.filter((label) => label === k).length),
      Array.from({ length: 10 }, () => 1000),
    );
  });

  it("drawFilters() stretches each unit's weights from black to the largest, on a white sheet", () => {
    const weights = Float32Array.from([...Array(12).keys(), ...Array(12).fill(5)]);
    const { width, height, data } = drawFilters(float32([2, 12], weights), 2);
    assert.deepEqual([width, height], [10, 6]);
    const at = (x: number, y: number): readonly number[] => [
      ...data.subarray((y * width + x) * 3, (y * width + x) * 3 + 3),
    ];
    assert.deepEqual(at(0, 0), [255, 255, 255]);
    // planes 0..3, 4..7 and 8..11 of the first unit's four pixels
    assert.deepEqual(
      at(2, 2),
      [0, 4, 8].map((v) => Math.round((255 * v) / 11)),
    );
    assert.deepEqual(
      at(3, 3),
      [3, 7, 11].map((v) => Math.round((255 * v) / 11)),
    );
    assert.deepEqual(at(6, 2), [128, 128, 128]);
    assert.throws(() => drawFilters(float32([1, 5], [1, 2, 3, 4, 5]), 2), /expected weights/);
  });

  it("main() refuses to start without pictures", async () => {
    await assert.rejects(main([]), { code: "E_USAGE", hint: /--tiny/ });
  });
});
