import { gradcheck } from "../support/gradcheck.ts";

describe("operators/average-pool", () => {
  const windows = {
    "2x2": { kernel_shape: [2, 2], strides: [2, 2] },
    "3x3 at stride 2, padding not counted": { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] },
    "3x3 at stride 2, padding counted": {
      kernel_shape: [3, 3],
      strides: [2, 2],
      pads: [1, 1, 1, 1],
      count_include_pad: 1,
    },
    "ceil mode": { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 },
    "a rectangle with uneven padding": { kernel_shape: [2, 3], strides: [1, 3], pads: [1, 0, 0, 2] },
    "windows with gaps": { kernel_shape: [1, 2], strides: [2, 3] },
  };
  for (const [name, attrs] of Object.entries(windows)) {
    it(`matches finite differences: ${name}`, () =>
      gradcheck("AveragePool", [["N", 2, 7, 8]], attrs, { dtype: "float32", dims: { N: 2 }, unbound: true }));
  }
});
