import assert from "node:assert/strict";
import { uint8Over } from "../../../toolkit/export/int8/affine.ts";
import { Histogram } from "../../../toolkit/export/int8/histogram.ts";
import { leastErrorRange } from "../../../toolkit/export/int8/range.ts";
import type { Range } from "../../../toolkit/export/int8/range.ts";
import { fillNormal, fillUniform } from "../../../toolkit/graph/random.ts";

function rangeOf(elements: Float32Array): Range {
  const h = new Histogram("x");
  h.add(elements);
  return leastErrorRange(h);
}

/** The squared error of writing the elements in 8 bits over a range. */
function error(elements: Float32Array, range: Range): number {
  const { scale, zeroPoint } = uint8Over(range);
  return elements.reduce((sum, x) => {
    const q = Math.min(255, Math.max(0, Math.round(x / scale) + zeroPoint));
    return sum + ((q - zeroPoint) * scale - x) ** 2;
  }, 0);
}

describe("export/int8/range", () => {
  it("leastErrorRange takes all where elements are spread evenly", () => {
    const elements = fillUniform(20_000, 1, 1, -3, 5);
    const { low, high } = rangeOf(elements);
    assert.ok(low < -2.9 && high > 4.9, `${low} to ${high}`);
  });

  it("leaves outliers out where that costs less than it gains", () => {
    const few = fillNormal(20_000, 2, 1);
    const elements = Float32Array.from({ length: 1_000_000 }, (_, i) => Math.abs(few[i % few.length] ?? 0));
    elements[7] = 12;
    const { low, high } = rangeOf(elements);
    assert.equal(low, 0);
    assert.ok(high < 8, `${high}`);
    assert.ok(error(elements, { low, high }) < 0.5 * error(elements, { low: 0, high: 12 }));
  });

  it("no other range is much better, on either side", () => {
    const elements = fillNormal(20_000, 3, 1).map((v) => v ** 3);
    const best = rangeOf(elements);
    for (const low of [0.5, 0.8, 1.25, 2]) {
      for (const high of [0.5, 0.8, 1.25, 2]) {
        const other = { low: best.low * low, high: best.high * high };
        assert.ok(error(elements, best) < 1.02 * error(elements, other), `${low} ${high}`);
      }
    }
  });

  it("of nothing but zeros is zero", () => {
    assert.deepEqual(rangeOf(new Float32Array(10)), { low: 0, high: 0 });
    assert.deepEqual(uint8Over({ low: 0, high: 0 }), { scale: 1, zeroPoint: 0 });
  });
});
