import assert from "node:assert/strict";
import { gradcheckCases } from "../support/gradcheck-cases.ts";
import type { GradcheckCases } from "../support/gradcheck-cases.ts";
import { shapeOf } from "../support/shape-of.ts";

const maps = { x: ["N", 2, 7, 8] };
const padded = { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] };
const windows: GradcheckCases = {
  "2x2": { of: maps, attrs: { kernel_shape: [2, 2], strides: [2, 2] } },
  "3x3 at stride 2, padding not counted": { of: maps, attrs: padded },
  "3x3 at stride 2, padding counted": { of: maps, attrs: { ...padded, count_include_pad: 1 } },
  "3x3 at stride 1, overlapping": { of: maps, attrs: { kernel_shape: [3, 3] } },
  "ceil mode": { of: maps, attrs: { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 } },
  "ceil mode, padding not counted": { of: { x: ["N", 1, 8, 7] }, attrs: { ...padded, ceil_mode: 1 } },
  "ceil mode, padding counted": {
    of: { x: ["N", 1, 8, 7] },
    attrs: { ...padded, ceil_mode: 1, count_include_pad: 1 },
  },
  "a rectangle with uneven padding": { of: maps, attrs: { kernel_shape: [2, 3], strides: [1, 3], pads: [1, 0, 0, 2] } },
  "uneven padding that is counted": {
    of: maps,
    attrs: { kernel_shape: [2, 3], strides: [1, 3], pads: [1, 0, 0, 2], count_include_pad: 1 },
  },
  "windows with gaps": { of: maps, attrs: { kernel_shape: [1, 2], strides: [2, 3] } },
  SAME_UPPER: { of: maps, attrs: { kernel_shape: [3, 2], strides: [2, 1], auto_pad: "SAME_UPPER" } },
  SAME_LOWER: { of: maps, attrs: { kernel_shape: [3, 2], strides: [2, 1], auto_pad: "SAME_LOWER" } },
  VALID: { of: maps, attrs: { kernel_shape: [3, 2], strides: [2, 1], auto_pad: "VALID" } },
  "one axis": { of: { x: ["N", 3, 9] }, attrs: { kernel_shape: [3], strides: [2], pads: [1, 0] } },
  "three axes": { of: { x: ["N", 1, 4, 5, 3] }, attrs: { kernel_shape: [2, 3, 2], strides: [2, 1, 1] } },
  "one picture": { of: { x: [1, 2, 5, 5] }, attrs: padded },
};

describe("operators/average-pool", () => {
  gradcheckCases("AveragePool", windows, { dtype: "float32", dims: { N: 2 }, unbound: true });
  gradcheckCases(
    "AveragePool",
    { "extents that are bound late": { of: { x: ["N", 2, "H", "W"] }, attrs: padded } },
    { dtype: "float32", dims: { N: 2, H: 5, W: 6 } },
  );

  it("rounds up with ceil_mode, but not into the padding", () => {
    const attrs = { kernel_shape: [2], strides: [2], ceil_mode: 1 };
    assert.deepEqual(shapeOf("AveragePool", [[1, 1, 5]], attrs), [1, 1, 3]);
    assert.deepEqual(shapeOf("AveragePool", [[1, 1, 5]], { ...attrs, pads: [0, 1] }), [1, 1, 3]);
  });
});
