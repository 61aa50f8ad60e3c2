import assert from "node:assert/strict";
import { gradcheckCases } from "../support/gradcheck-cases.ts";
import { shapeOf } from "../support/shape-of.ts";

const pads = [1, 1, 1, 1];

describe("operators/conv-transpose", () => {
  gradcheckCases(
    "ConvTranspose",
    {
      "2x2 at stride 2": { of: { x: [2, 3, 4, 5], w: [3, 4, 2, 2], b: [4] }, attrs: { strides: [2, 2] } },
      "3x3 at stride 2": { of: { x: [2, 3, 4, 5], w: [3, 4, 3, 3], b: [4] }, attrs: { strides: [2, 2], pads } },
      "stride 1, without bias": { of: { x: [2, 3, 4, 5], w: [3, 4, 3, 3] } },
      "one picture": { of: { x: [1, 2, 3, 3], w: [2, 3, 3, 3], b: [3] }, attrs: { pads } },
      "output padding": {
        of: { x: [2, 3, 4, 5], w: [3, 4, 3, 3], b: [4] },
        attrs: { strides: [2, 2], pads, output_padding: [1, 0] },
      },
      "uneven padding": { of: { x: [2, 3, 4, 5], w: [3, 2, 3, 3] }, attrs: { strides: [2, 1], pads: [0, 1, 2, 0] } },
      dilations: { of: { x: [2, 2, 4, 5], w: [2, 3, 3, 3], b: [3] }, attrs: { dilations: [2, 2], pads } },
      "dilations with output padding": {
        of: { x: [1, 2, 4, 5], w: [2, 3, 3, 3] },
        attrs: { strides: [2, 3], dilations: [2, 3], output_padding: [1, 2] },
      },
      groups: { of: { x: [2, 4, 4, 5], w: [4, 3, 3, 3], b: [6] }, attrs: { group: 2 } },
      "depthwise at stride 2": {
        of: { x: [2, 3, 4, 4], w: [3, 1, 4, 4], b: [3] },
        attrs: { group: 3, strides: [2, 2], pads },
      },
      "one axis": { of: { x: [2, 3, 5], w: [3, 2, 4], b: [2] }, attrs: { strides: [3] } },
      "three axes": { of: { x: [1, 2, 2, 3, 2], w: [2, 2, 2, 2, 3] }, attrs: { strides: [2, 1, 1] } },
      VALID: { of: { x: [2, 3, 4, 5], w: [3, 4, 3, 3] }, attrs: { auto_pad: "VALID", strides: [2, 2] } },
      "a batch of unknown size": {
        of: { x: ["N", 3, 4, 4], w: [3, 2, 3, 3], b: [2] },
        attrs: { strides: [2, 2] },
        dims: { N: 2 },
        unbound: true,
      },
    },
    { dtype: "float32" },
  );

  it("works extents out backwards, names included", () => {
    const attrs = { strides: [2, 2], pads, output_padding: [1, 1] };
    assert.deepEqual(
      shapeOf(
        "ConvTranspose",
        [
          ["N", 3, 4, "W"],
          [3, 5, 3, 3],
        ],
        attrs,
      ),
      ["N", 5, 8, "W*2"],
    );
  });

  it("refuses paddings that are not given as numbers", () => {
    const inputs = [
      [1, 3, 4, 4],
      [3, 5, 3, 3],
    ];
    assert.throws(() => shapeOf("ConvTranspose", inputs, { output_shape: [8, 8] }), /expected explicit pads/);
    assert.throws(() => shapeOf("ConvTranspose", inputs, { auto_pad: "SAME_UPPER" }), /expected explicit pads/);
  });
});
