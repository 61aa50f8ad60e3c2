import assert from "node:assert/strict";
import { float32, int64 } from "../../toolkit/graph/tensor.ts";
import { operators } from "../../toolkit/operators/index.ts";
import { gradcheckCases } from "../support/gradcheck-cases.ts";
import type { GradcheckCases } from "../support/gradcheck-cases.ts";
import type { GradcheckOptions } from "../support/gradcheck.ts";
import { gradientAt } from "../support/gradient-at.ts";
import { shapeOf } from "../support/shape-of.ts";

/** What is reduced over which axes; none given means over all. */
const reduced: Readonly<Record<string, readonly [readonly (number | string)[], (readonly number[])?]>> = {
  "one axis": [[2, 3, 4], [1]],
  "axes from the end": [
    [2, 3, 4],
    [-1, 0],
  ],
  "the pixels of each map": [
    [2, 3, 2, 2],
    [2, 3],
  ],
  "a batch of 1": [[1, 5], [0]],
  everything: [[2, 3]],
  "a vector": [[6], [0]],
  "extents of unknown size": [
    ["N", 3, "H"],
    [0, 2],
  ],
};

/** Every way to reduce, with the axes where the operator takes them. */
function reductions(axesAre: "input" | "attribute"): GradcheckCases {
  const cases = Object.entries(reduced).flatMap(([name, [x, axes]]) =>
    [0, 1].map((keepdims) => {
      const input = axes && axesAre === "input" ? { axes: int64(axes) } : {};
      const attribute = axes && axesAre === "attribute" ? { axes } : {};
      const sizes = { dims: { N: 2, H: 3 }, unbound: true };
      return [`${name}, keepdims ${keepdims}`, { of: { x, ...input }, attrs: { keepdims, ...attribute }, ...sizes }];
    }),
  );
  return Object.fromEntries(cases) as GradcheckCases;
}

describe("operators/reduce", () => {
  gradcheckCases("ReduceSum", reductions("input"));
  gradcheckCases("ReduceSum", {
    "no axes, told to do nothing": { of: { x: [2, 3] }, attrs: { noop_with_empty_axes: 1 } },
  });
  const others: Readonly<Record<string, GradcheckOptions>> = {
    ReduceMean: {},
    ReduceMax: { draw: "distinct" },
    ReduceMin: { draw: "distinct" },
    ReduceProd: { draw: "away" },
    ReduceL1: { draw: "away" },
    ReduceL2: {},
    ReduceLogSum: { draw: "positive" },
    ReduceLogSumExp: {},
    ReduceSumSquare: {},
  };
  for (const [type, options] of Object.entries(others)) gradcheckCases(type, reductions("attribute"), options);

  it("drops or keeps the reduced axes, and refuses axes that are computed", () => {
    assert.deepEqual(shapeOf("ReduceSum", [["N", 3, 4], int64([-1])]), ["N", 3, 1]);
    assert.deepEqual(shapeOf("ReduceMean", [["N", 3, 4]], { axes: [0, 1], keepdims: 0 }), [4]);
    assert.deepEqual(shapeOf("ReduceL2", [["N", 3]], { keepdims: 0 }), []);
    assert.throws(() => shapeOf("ReduceSum", [["N", 3], [1]]), /its axes are not constants/);
    assert.throws(() => shapeOf("ReduceMean", [["N", 3]], { axes: [2] }), /Cannot use axis 2/);
  });

  it("ReduceProd gives the product of the others: to the only zero alone, to none of two", async () => {
    const x = float32([3, 3], [2, 3, 4, 2, 0, 4, 0, 3, 0]);
    assert.deepEqual(await gradientAt("ReduceProd", [x], { axes: [1] }), [[12, 8, 6, 0, 8, 0, 0, 0, 0]]);
  });

  it("ReduceMax and ReduceMin share the gradient between equal elements, as PyTorch's amax and amin do", async () => {
    const x = float32([2, 4], [1, 3, 3, 1, 2, 2, 2, 2]);
    const quarter = [0.25, 0.25, 0.25, 0.25];
    assert.deepEqual(await gradientAt("ReduceMax", [x], { axes: [1] }), [[0, 0.5, 0.5, 0, ...quarter]]);
    assert.deepEqual(await gradientAt("ReduceMin", [x], { axes: [1] }), [[0.5, 0, 0, 0.5, ...quarter]]);
  });

  it("ReduceL1 and ReduceL2 have a slope of 0 at 0", async () => {
    const x = float32([2, 2], [0, 0, 3, 4]);
    assert.deepEqual(await gradientAt("ReduceL1", [x], { axes: [1] }), [[0, 0, 1, 1]]);
    const [slope] = await gradientAt("ReduceL2", [x], { axes: [1] });
    assert.deepEqual(slope, [0, 0, Math.fround(0.6), Math.fround(0.8)]);
  });

  for (const type of ["ArgMax", "ArgMin"]) {
    it(`${type} gives one position an axis, and no gradient`, () => {
      assert.deepEqual(shapeOf(type, [["N", 3]], { axis: -1 }), ["N", 1]);
      assert.deepEqual(shapeOf(type, [["N", 3]], { keepdims: 0 }), [3]);
      assert.equal(operators.get(type)?.gradient, null);
    });
  }
});
