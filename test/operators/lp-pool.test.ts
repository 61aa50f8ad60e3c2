import assert from "node:assert/strict";
import { float32 } from "../../toolkit/graph/tensor.ts";
import { gradcheckCases } from "../support/gradcheck-cases.ts";
import type { GradcheckCases } from "../support/gradcheck-cases.ts";
import { gradientAt } from "../support/gradient-at.ts";

const maps = { x: ["N", 2, 7, 8] };
const windows: GradcheckCases = {
  "2x2, order 2": { of: maps, attrs: { kernel_shape: [2, 2], strides: [2, 2] } },
  "2x2, order 1": { of: maps, attrs: { kernel_shape: [2, 2], strides: [2, 2], p: 1 } },
  "2x2, order 3": { of: maps, attrs: { kernel_shape: [2, 2], strides: [2, 2], p: 3 } },
  "3x3 at stride 1, overlapping": { of: maps, attrs: { kernel_shape: [3, 3] } },
  "3x3 at stride 2 with padding": { of: maps, attrs: { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] } },
  "a rectangle with uneven padding": { of: maps, attrs: { kernel_shape: [2, 3], strides: [1, 3], pads: [1, 0, 0, 2] } },
  SAME_UPPER: { of: maps, attrs: { kernel_shape: [3, 2], strides: [2, 1], auto_pad: "SAME_UPPER" } },
  "one axis, one picture": { of: { x: [1, 3, 9] }, attrs: { kernel_shape: [3], strides: [2] } },
};

describe("operators/lp-pool", () => {
  gradcheckCases("LpPool", windows, { dtype: "float32", draw: "away", dims: { N: 2 }, unbound: true });
  gradcheckCases(
    "GlobalLpPool",
    {
      "order 2": { of: { x: [2, 3, 4, 5] } },
      "order 1": { of: { x: [2, 3, 4] }, attrs: { p: 1 } },
      "order 3": { of: { x: [1, 2, 3, 3] }, attrs: { p: 3 } },
      "three axes": { of: { x: [2, 2, 2, 3, 2] } },
      "extents of unknown size": { of: { x: ["N", 3, "H", "W"] }, dims: { N: 2, H: 4, W: 3 }, unbound: true },
    },
    { dtype: "float32", draw: "away" },
  );

  it("gives no gradient to a window of zeros", async () => {
    const x = float32([1, 1, 2], [0, 0]);
    assert.deepEqual(await gradientAt("LpPool", [x], { kernel_shape: [2] }), [[0, 0]]);
    assert.deepEqual(await gradientAt("GlobalLpPool", [x], { p: 3 }), [[0, 0]]);
  });
});
