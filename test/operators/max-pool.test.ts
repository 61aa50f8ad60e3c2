import assert from "node:assert/strict";
import { float32 } from "../../toolkit/graph/tensor.ts";
import { gradcheckCases } from "../support/gradcheck-cases.ts";
import type { GradcheckCases } from "../support/gradcheck-cases.ts";
import { gradientAt } from "../support/gradient-at.ts";
import { shapeOf } from "../support/shape-of.ts";

const maps = { x: [2, 2, 7, 8] };
const windows: GradcheckCases = {
  "2x2": { of: maps, attrs: { kernel_shape: [2, 2], strides: [2, 2] } },
  "3x3 at stride 2 with padding": { of: maps, attrs: { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] } },
  "3x3 at stride 1, overlapping": { of: maps, attrs: { kernel_shape: [3, 3] } },
  "ceil mode": { of: maps, attrs: { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 } },
  "ceil mode with padding": {
    of: { x: [1, 1, 8, 7] },
    attrs: { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1], ceil_mode: 1 },
  },
  "a rectangle with uneven padding": { of: maps, attrs: { kernel_shape: [2, 3], strides: [1, 3], pads: [1, 0, 0, 2] } },
  "windows with gaps": { of: maps, attrs: { kernel_shape: [1, 2], strides: [2, 3] } },
  SAME_UPPER: { of: maps, attrs: { kernel_shape: [3, 3], strides: [2, 2], auto_pad: "SAME_UPPER" } },
  SAME_LOWER: { of: maps, attrs: { kernel_shape: [2, 3], strides: [1, 2], auto_pad: "SAME_LOWER" } },
  VALID: { of: maps, attrs: { kernel_shape: [2, 3], auto_pad: "VALID" } },
  "one picture": { of: { x: [1, 3, 6, 6] }, attrs: { kernel_shape: [3, 3], strides: [3, 3] } },
  dilations: { of: maps, attrs: { kernel_shape: [2, 2], dilations: [2, 2] } },
  "dilations with stride and padding": {
    of: { x: [2, 2, 9, 8] },
    attrs: { kernel_shape: [3, 2], dilations: [2, 3], strides: [2, 1], pads: [1, 0, 1, 1] },
  },
  "one axis": { of: { x: [2, 3, 9] }, attrs: { kernel_shape: [3], strides: [2], pads: [1, 0] } },
  "three axes": { of: { x: [1, 2, 4, 5, 3] }, attrs: { kernel_shape: [2, 3, 2], strides: [2, 1, 1] } },
};

describe("operators/max-pool", () => {
  gradcheckCases("MaxPool", windows, { dtype: "float32", draw: "distinct" });
  const elsewhere = Object.entries(windows).map(([name, c]) => [`${name}, in standard operators only`, c]);
  gradcheckCases("MaxPool", Object.fromEntries(elsewhere) as GradcheckCases, {
    dtype: "float32",
    draw: "distinct",
    provider: "webgpu",
  });
  gradcheckCases(
    "MaxPool",
    { "a batch of unknown size": { of: { x: ["N", 2, 7, 8] }, attrs: { kernel_shape: [2, 2] } } },
    { dtype: "float32", draw: "distinct", dims: { N: 2 }, unbound: true },
  );

  it("gives the gradient to the first of equal largest elements", async () => {
    const x = float32([1, 1, 3, 3], [1, 1, 1, 1, 1, 1, 1, 1, 1]);
    assert.deepEqual(await gradientAt("MaxPool", [x], { kernel_shape: [2, 2] }), [[1, 1, 0, 1, 1, 0, 0, 0, 0]]);
  });

  it("rounds up with ceil_mode, but not into the padding", () => {
    const attrs = { kernel_shape: [2], strides: [2], ceil_mode: 1 };
    assert.deepEqual(shapeOf("MaxPool", [[1, 1, 5]], attrs), [1, 1, 3]);
    assert.deepEqual(shapeOf("MaxPool", [[1, 1, 5]], { ...attrs, pads: [0, 1] }), [1, 1, 3]);
    assert.deepEqual(shapeOf("MaxPool", [[1, 1, 6]], { ...attrs, pads: [1, 1] }), [1, 1, 4]);
  });

  it("names a changed extent by its formula", () => {
    const attrs = { kernel_shape: [3, 3], pads: [1, 1, 1, 1], strides: [2, 2] };
    assert.deepEqual(shapeOf("MaxPool", [["N", 3, "H", 8]], attrs), ["N", 3, "(floor(H-1/2)+1)", 4]);
  });
});
