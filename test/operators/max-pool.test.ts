import { gradcheck } from "../support/gradcheck.ts";

describe("operators/max-pool", () => {
  const windows = {
    "2x2": { kernel_shape: [2, 2], strides: [2, 2] },
    "3x3 at stride 2 with padding": { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] },
    "3x3 at stride 1, overlapping": { kernel_shape: [3, 3] },
    "ceil mode": { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 },
    "a rectangle with uneven padding": { kernel_shape: [2, 3], strides: [1, 3], pads: [1, 0, 0, 2] },
    "windows with gaps": { kernel_shape: [1, 2], strides: [2, 3] },
    SAME_UPPER: { kernel_shape: [3, 3], strides: [2, 2], auto_pad: "SAME_UPPER" },
  };
  for (const [name, attrs] of Object.entries(windows)) {
    for (const provider of ["cpu", "webgpu"] as const) {
      it(`matches finite differences on ${provider}: ${name}`, () =>
        gradcheck("MaxPool", [[2, 2, 7, 8]], attrs, { dtype: "float32", draw: "distinct", provider }));
    }
  }
  it("matches finite differences with dilations", () =>
    gradcheck(
      "MaxPool",
      [["N", 2, 7, 8]],
      { kernel_shape: [2, 2], dilations: [2, 2] },
      { dtype: "float32", draw: "distinct", dims: { N: 2 }, unbound: true },
    ));
});
