import assert from "node:assert/strict";
import { Histogram } from "../../../toolkit/export/int8/histogram.ts";
import { fillNormal } from "../../../toolkit/graph/random.ts";

const total = (h: Histogram): number => h.bins().reduce((sum, { count }) => sum + count, 0);

describe("export/int8/histogram", () => {
  it("Histogram keeps the ends and loses no element, however far its bins must grow", () => {
    const h = new Histogram("x");
    h.add(Float32Array.of(0, 0, 0));
    h.add(Float32Array.of(-1, 0.5, 2));
    h.add(Float32Array.of(-900, 1000));
    assert.deepEqual([h.min, h.max, total(h)], [-900, 1000, 8]);
  });

  it("the middles of its bins lie within a bin of the elements", () => {
    const elements = fillNormal(500, 3, 1).toSorted();
    const h = new Histogram("x");
    // in two parts: the bins of the first are joined when the second is larger
    h.add(elements.map((v) => v / 50));
    const narrow = h.bins();
    h.add(elements);
    const width = (2 * 2.1 * Math.max(-h.min, h.max)) / 4096;
    const both = [...elements, ...elements.map((v) => v / 50)].toSorted((a, b) => a - b);
    const middles = h.bins().flatMap(({ middle, count }) => Array.from({ length: count }, () => middle));
    assert.equal(middles.length, both.length);
    for (const [i, middle] of middles.entries()) assert.ok(Math.abs(middle - (both[i] ?? 0)) <= width, `${middle}`);
    assert.ok(narrow.length > 300, "the first part is spread over many bins before it is joined");
  });

  it("the largest element falls into the last bin, not behind it", () => {
    for (const largest of [1, 3, 0.1, 65_504, 1e-30]) {
      const h = new Histogram("x");
      h.add(Float32Array.of(largest, -largest));
      assert.equal(total(h), 2);
    }
  });

  it("refuses numbers that are none, by the value's name", () => {
    for (const bad of [Number.NaN, Infinity, -Infinity]) {
      assert.throws(() => new Histogram("conv1.out").add(Float32Array.of(0, bad, 1)), {
        code: "E_MODEL_NONFINITE",
        message: /"conv1\.out"/,
      });
    }
  });
});
