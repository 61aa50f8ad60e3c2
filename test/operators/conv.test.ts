import assert from "node:assert/strict";
import { gradcheckCases } from "../support/gradcheck-cases.ts";
import type { GradcheckCases } from "../support/gradcheck-cases.ts";
import { shapeOf } from "../support/shape-of.ts";

const cases = {
  "3x3": [[2, 3, 6, 5], [4, 3, 3, 3], { pads: [1, 1, 1, 1] }],
  "3x3 on a large map": [[2, 16, 16, 15], [4, 16, 3, 3], { pads: [1, 1, 1, 1] }],
  "3x3 on a small map": [[2, 16, 5, 6], [4, 16, 3, 3], { pads: [1, 1, 1, 1] }],
  "3x3 on a map of few pixels": [[2, 16, 4, 4], [16, 16, 3, 3], { pads: [1, 1, 1, 1] }],
  "3x3 at stride 2 to a map of few pixels": [[2, 16, 8, 8], [16, 16, 3, 3], { pads: [1, 1, 1, 1], strides: [2, 2] }],
  "1x1 at stride 2 to a map of few pixels": [[2, 16, 8, 8], [16, 16, 1, 1], { strides: [2, 2] }],
  "3x3 at stride 2": [[2, 16, 7, 8], [4, 16, 3, 3], { pads: [1, 1, 1, 1], strides: [2, 2] }],
  "3x3 at stride 2 on few channels": [[2, 3, 7, 8], [4, 3, 3, 3], { pads: [1, 1, 1, 1], strides: [2, 2] }],
  "one picture": [[1, 3, 6, 6], [2, 3, 3, 3], { pads: [1, 1, 1, 1] }],
  "7x7 at stride 2": [[1, 3, 12, 11], [4, 3, 7, 7], { pads: [3, 3, 3, 3], strides: [2, 2] }],
  "1x1": [[2, 16, 4, 5], [3, 16, 1, 1], {}],
  "1x1 at stride 2": [[2, 16, 6, 5], [3, 16, 1, 1], { strides: [2, 2] }],
  "the whole map": [[2, 3, 4, 5], [6, 3, 4, 5], {}],
  "uneven padding": [[2, 2, 5, 6], [3, 2, 3, 3], { pads: [0, 1, 2, 1] }],
  "uneven padding on a large map of many channels": [[1, 16, 16, 16], [3, 16, 3, 2], { pads: [0, 1, 2, 1] }],
  "a rectangle": [[2, 3, 5, 8], [4, 3, 1, 7], { pads: [0, 3, 0, 3] }],
  dilation: [[2, 2, 9, 9], [3, 2, 3, 3], { pads: [2, 2, 2, 2], dilations: [2, 2] }],
  "dilation and stride": [[2, 16, 9, 10], [3, 16, 3, 3], { dilations: [2, 1], strides: [1, 3] }],
  groups: [[2, 4, 5, 5], [6, 2, 3, 3], { pads: [1, 1, 1, 1], group: 2 }],
  "groups at stride 2": [[2, 4, 6, 5], [6, 2, 3, 3], { pads: [1, 1, 1, 1], group: 2, strides: [2, 2] }],
  "groups with dilation": [[2, 4, 7, 7], [4, 2, 3, 3], { pads: [2, 2, 2, 2], group: 2, dilations: [2, 2] }],
  depthwise: [[2, 4, 6, 6], [4, 1, 3, 3], { pads: [1, 1, 1, 1], group: 4 }],
  "depthwise at stride 2": [[1, 3, 7, 6], [3, 1, 5, 5], { pads: [2, 2, 2, 2], group: 3, strides: [2, 2] }],
  "depthwise with two filters a channel": [[2, 4, 9, 9], [8, 1, 3, 3], { pads: [1, 1, 1, 1], group: 4 }],
  "padding beyond the kernel": [[1, 2, 5, 5], [3, 2, 2, 2], { pads: [2, 3, 2, 2] }],
  "a stride beyond the kernel": [[2, 3, 8, 9], [4, 3, 2, 2], { strides: [3, 4] }],
  SAME_UPPER: [[2, 3, 6, 7], [4, 3, 3, 3], { auto_pad: "SAME_UPPER", strides: [2, 2] }],
  SAME_LOWER: [[2, 3, 6, 7], [4, 3, 2, 2], { auto_pad: "SAME_LOWER" }],
  VALID: [[2, 3, 6, 7], [4, 3, 2, 2], { auto_pad: "VALID" }],
  "one axis": [[2, 3, 9], [4, 3, 3], { pads: [1, 0], strides: [2] }],
  "three axes": [[1, 2, 4, 5, 3], [3, 2, 2, 3, 2], { strides: [1, 2, 1], pads: [0, 1, 0, 1, 1, 0] }],
  "three axes in groups": [[2, 2, 3, 4, 4], [4, 1, 3, 3, 1], { group: 2, pads: [1, 1, 0, 1, 1, 0] }],
} as const;

const withBias: GradcheckCases = Object.fromEntries(
  Object.entries(cases).map(([name, [x, w, attrs]]) => [name, { of: { x, w, b: [w[0]] }, attrs }]),
);
const unbound: GradcheckCases = Object.fromEntries(
  Object.entries(cases).map(([name, [[batch, ...x], w, attrs]]) => [
    `${name}, without bias, batch unbound, in standard operators only`,
    { of: { x: ["N", ...x], w }, attrs, dims: { N: batch } },
  ]),
);

describe("operators/conv", () => {
  gradcheckCases("Conv", withBias, { dtype: "float32" });
  gradcheckCases("Conv", unbound, { dtype: "float32", provider: "webgpu", unbound: true });
  gradcheckCases(
    "Conv",
    {
      "picture extents that are bound late": {
        of: { x: ["N", 3, "H", "W"], w: [4, 3, 3, 3] },
        attrs: { pads: [1, 1, 1, 1], strides: [2, 2] },
      },
    },
    { dtype: "float32", dims: { N: 2, H: 7, W: 6 } },
  );

  const w = [8, 3, 3, 3];

  it("keeps a symbolic extent that the window does not change", () => {
    assert.deepEqual(shapeOf("Conv", [["N", 3, "H", "W"], w], { pads: [1, 1, 1, 1] }), ["N", 8, "H", "W"]);
  });

  it("names a changed extent by its formula", () => {
    const shape = shapeOf("Conv", [["N", 3, "H", "W"], w], { pads: [1, 1, 1, 1], strides: [2, 2] });
    assert.deepEqual(shape, ["N", 8, "(floor(H-1/2)+1)", "(floor(W-1/2)+1)"]);
  });

  it("refuses a window larger than the padded extent", () => {
    assert.throws(() => shapeOf("Conv", [[1, 3, 2, 2], w]), /window is larger/);
  });

  it("refuses a filter for another number of channels or axes", () => {
    assert.throws(() => shapeOf("Conv", [[1, 4, 8, 8], w]), /reads 3 channels, the input has 4/);
    assert.throws(() => shapeOf("Conv", [[1, 3, 8], w]), /does not fit an input/);
  });
});
