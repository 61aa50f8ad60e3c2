import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { COLLAGE_PX, drawCollages } from "../../recipes/several-labels/collages.ts";
import { macroF1 } from "../../recipes/several-labels/macro-f1.ts";
import { learnSeveralLabels, main } from "../../recipes/several-labels.ts";
import { drawPictures, PICTURE } from "../../recipes/two-layer-net/pictures.ts";
import type { Pictures } from "../../recipes/two-layer-net/pictures.ts";
import { PROGRAM } from "../cli/cli-case.ts";

describe("recipes/several-labels", () => {
  let folder = "";
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "onnx-graft-several-labels-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  /** Pictures of one colour each, which says their number. */
  const numbered = (count: number): Pictures => ({
    planes: Uint8Array.from({ length: count * PICTURE }, (_, at) => Math.floor(at / PICTURE)),
    labels: Uint8Array.from({ length: count }, (_, i) => i % 10),
  });

  /** What is at the middle of each cell. */
  const cells = (data: Uint8Array): readonly number[] =>
    [16, 48].flatMap((y) => [16, 48].map((x) => data[(y * COLLAGE_PX + x) * 3] ?? -1));

  it("drawCollages() fills one to four cells, labels them with all that is in them, and uses no picture twice", () => {
    const pictures = numbered(120);
    const collages = [...drawCollages(pictures, 30, 5)];
    const shown = collages.map(({ pixels }) => cells(pixels.data).filter((value) => value !== 128));
    assert.equal(new Set(shown.flat()).size, shown.flat().length);
    assert.deepEqual(new Set(shown.map((own) => own.length)), new Set([1, 2, 3, 4]));
    for (const [i, { labels }] of collages.entries()) {
      const expected = new Set(shown[i]?.map((picture) => picture % 10));
      assert.deepEqual(new Set(labels), expected);
      assert.deepEqual(
        labels,
        labels.toSorted((a, b) => a - b),
      );
    }
    assert.throws(() => [...drawCollages(numbered(10), 30, 5)], /10 pictures are not enough for 30 collages/);
  });

  it("drawCollages() keeps pictures as they are, and the same seed draws the same", () => {
    const pictures = drawPictures(8, 3);
    const [first, again] = [1, 1].map((seed) => Array.from(drawCollages(pictures, 2, seed)));
    assert.deepEqual(first, again);
    const { data } = first?.[0]?.pixels ?? { data: new Uint8Array(0) };
    const isShown = (picture: number): boolean =>
      [0, 32].some((top) =>
        [0, 32].some((left) =>
          Array.from({ length: 1024 }, (_, i) => i).every((i) => {
            const at = ((top + Math.floor(i / 32)) * COLLAGE_PX + left + (i % 32)) * 3;
            return [0, 1, 2].every((p) => data[at + p] === pictures.planes[picture * PICTURE + p * 1024 + i]);
          }),
        ),
      );
    assert.ok(Array.from({ length: 8 }, (_, i) => i).some(isShown));
  });

  it("macroF1() is the mean of F1 = 2 hits / (found + held)", () => {
    const probabilities = Float32Array.of(0.9, 0.4, 0.6, 0.1, 0.2, 0.8);
    const targets = Float32Array.of(1, 1, 0, 0, 1, 0);
    // at 0.5: found 2, held 2, hits 1; found 1, held 1, hits 0
    assert.equal(macroF1(probabilities, targets, [0.5, 0.5]), (0.5 + 0) / 2);
    assert.ok(Math.abs(macroF1(probabilities, targets, [0.15, 0.3]) - (0.8 + 2 / 3) / 2) < 1e-12);
    assert.equal(macroF1(Float32Array.of(0.1), Float32Array.of(0), [0.5]), 0);
  });

  it("learnSeveralLabels() on made-up pictures writes collages, a table, a model with thresholds and its figures", async function () {
    this.timeout(120_000);
    if (PROGRAM === undefined) this.skip(); // ONNX Runtime's thread needs compiled files
    const claims = await learnSeveralLabels({ say: () => {}, out: folder, seeds: 1 });
    assert.deepEqual(
      claims.map(({ holds }) => holds),
      [undefined, undefined, undefined],
    );
    const table = (await readFile(join(folder, "collages.csv"), "utf8")).trimEnd().split("\n");
    assert.equal(table.length, 91);
    assert.match(table[1] ?? "", /^train\/0000\.png,[a-z]+(\|[a-z]+)*,train$/);
    assert.match(table[90] ?? "", /,validation$/);
    const { rows } = JSON.parse(await readFile(join(folder, "result.json"), "utf8")) as {
      rows: { side: string; meanAveragePrecision: number; thresholds: number[] }[];
    };
    assert.equal(rows.length, 1);
    assert.equal(rows[0]?.thresholds.length, 10);
    assert.ok((rows[0]?.meanAveragePrecision ?? 0) > 0.15, `mAP ${rows[0]?.meanAveragePrecision}`);
  });

  it("main() refuses to start without pictures", async () => {
    await assert.rejects(main([]), { code: "E_USAGE", hint: /--tiny/ });
  });
});
