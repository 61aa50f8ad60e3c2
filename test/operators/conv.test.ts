import { gradcheck } from "../support/gradcheck.ts";

describe("operators/conv", () => {
  const cases = {
    "3x3": [[2, 3, 6, 5], [4, 3, 3, 3], { pads: [1, 1, 1, 1] }],
    "3x3 on a large map": [[2, 16, 16, 15], [4, 16, 3, 3], { pads: [1, 1, 1, 1] }],
    "3x3 on a small map": [[2, 16, 5, 6], [4, 16, 3, 3], { pads: [1, 1, 1, 1] }],
    "3x3 at stride 2": [[2, 16, 7, 8], [4, 16, 3, 3], { pads: [1, 1, 1, 1], strides: [2, 2] }],
    "3x3 at stride 2 on few channels": [[2, 3, 7, 8], [4, 3, 3, 3], { pads: [1, 1, 1, 1], strides: [2, 2] }],
    "7x7 at stride 2": [[1, 3, 12, 11], [4, 3, 7, 7], { pads: [3, 3, 3, 3], strides: [2, 2] }],
    "1x1": [[2, 16, 4, 5], [3, 16, 1, 1], {}],
    "1x1 at stride 2": [[2, 16, 6, 5], [3, 16, 1, 1], { strides: [2, 2] }],
    "uneven padding": [[2, 2, 5, 6], [3, 2, 3, 3], { pads: [0, 1, 2, 1] }],
    "uneven padding on a large map of many channels": [[1, 16, 16, 16], [3, 16, 3, 2], { pads: [0, 1, 2, 1] }],
    dilation: [[2, 2, 9, 9], [3, 2, 3, 3], { pads: [2, 2, 2, 2], dilations: [2, 2] }],
    "dilation and stride": [[2, 16, 9, 10], [3, 16, 3, 3], { dilations: [2, 1], strides: [1, 3] }],
    groups: [[2, 4, 5, 5], [6, 2, 3, 3], { pads: [1, 1, 1, 1], group: 2 }],
    "groups at stride 2": [[2, 4, 6, 5], [6, 2, 3, 3], { pads: [1, 1, 1, 1], group: 2, strides: [2, 2] }],
    "depthwise on a large map": [[2, 4, 9, 9], [8, 1, 3, 3], { pads: [1, 1, 1, 1], group: 4 }],
    "padding beyond the kernel": [[1, 2, 5, 5], [3, 2, 2, 2], { pads: [2, 3, 2, 2] }],
    SAME_UPPER: [[2, 3, 6, 7], [4, 3, 3, 3], { auto_pad: "SAME_UPPER", strides: [2, 2] }],
    SAME_LOWER: [[2, 3, 6, 7], [4, 3, 2, 2], { auto_pad: "SAME_LOWER" }],
    "one axis": [[2, 3, 9], [4, 3, 3], { pads: [1, 0], strides: [2] }],
  } as const;
  for (const [name, [x, w, attrs]] of Object.entries(cases)) {
    it(`matches finite differences: ${name}`, () => gradcheck("Conv", [x, w, [w[0]]], attrs, { dtype: "float32" }));
    it(`matches finite differences without bias, batch unbound, in standard operators only: ${name}`, () =>
      gradcheck("Conv", [["N", ...x.slice(1)], w], attrs, {
        dtype: "float32",
        provider: "webgpu",
        dims: { N: x[0] },
        unbound: true,
      }));
  }
  it("matches finite differences where the picture extents are bound late", () =>
    gradcheck(
      "Conv",
      [
        ["N", 3, "H", "W"],
        [4, 3, 3, 3],
      ],
      { pads: [1, 1, 1, 1], strides: [2, 2] },
      { dtype: "float32", dims: { N: 2, H: 7, W: 6 } },
    ));
});
