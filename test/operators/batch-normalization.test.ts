import type { TensorData } from "../../toolkit/graph/tensor.ts";
import { gradcheckCases } from "../support/gradcheck-cases.ts";

function floats(...values: readonly number[]): TensorData {
  return { dtype: "float64", shape: [values.length], data: Float64Array.from(values) };
}

const three = { scale: [3], bias: [3], mean: floats(0.1, -0.2, 0.3), variance: floats(0.5, 1, 2) };

describe("operators/batch-normalization", () => {
  gradcheckCases("BatchNormalization", {
    "maps of two pictures": { of: { x: [2, 3, 4, 5], ...three } },
    "one picture": { of: { x: [1, 3, 2, 2], ...three } },
    "one axis": { of: { x: [2, 3, 7], ...three } },
    "three axes": { of: { x: [2, 3, 2, 3, 2], ...three } },
    "one channel": { of: { x: [2, 1, 3, 3], scale: [1], bias: [1], mean: floats(0.1), variance: floats(0.5) } },
    "rows, an epsilon of its own, a batch of unknown size": {
      of: { x: ["N", 3], ...three },
      attrs: { epsilon: { float: 0.1 } },
      dims: { N: 4 },
      unbound: true,
    },
  });
  gradcheckCases(
    "BatchNormalizationTraining",
    {
      "maps of three pictures": { of: { x: [3, 2, 4, 5], scale: [2], bias: [2] } },
      "one picture": { of: { x: [1, 2, 4, 5], scale: [2], bias: [2] } },
      rows: { of: { x: [6, 3], scale: [3], bias: [3] } },
      "one axis": { of: { x: [3, 2, 5], scale: [2], bias: [2] } },
      "three axes": { of: { x: [2, 2, 2, 3, 2], scale: [2], bias: [2] } },
      "an epsilon of its own, extents of unknown size": {
        of: { x: ["N", 2, "H", 5], scale: [2], bias: [2] },
        attrs: { epsilon: { float: 0.1 } },
        dims: { N: 3, H: 4 },
        unbound: true,
      },
    },
    { domain: "onnx-graft", outputCount: 3, outputs: [0] },
  );
});
