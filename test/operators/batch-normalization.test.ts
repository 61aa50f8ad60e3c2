import { gradcheck } from "../support/gradcheck.ts";
import type { TensorData } from "../../toolkit/graph/tensor.ts";

function floats(values: readonly number[]): TensorData {
  return { dtype: "float64", shape: [values.length], data: Float64Array.from(values) };
}

describe("operators/batch-normalization", () => {
  it("matches finite differences in input, scale and bias, and has none for the statistics", () =>
    gradcheck("BatchNormalization", [[2, 3, 4, 5], [3], [3], floats([0.1, -0.2, 0.3]), floats([0.5, 1, 2])], {}));
  it("matches finite differences with an epsilon of its own on a map of any rank", () =>
    gradcheck(
      "BatchNormalization",
      [["N", 3], [3], [3], floats([0.1, -0.2, 0.3]), floats([0.5, 1, 2])],
      { epsilon: { float: 0.1 } },
      { dims: { N: 4 }, unbound: true },
    ));
  it("BatchNormalizationTraining matches finite differences", () =>
    gradcheck(
      "BatchNormalizationTraining",
      [[3, 2, 4, 5], [2], [2]],
      {},
      { domain: "onnx-graft", outputCount: 3, outputs: [0] },
    ));
  it("BatchNormalizationTraining matches finite differences with unbound extents", () =>
    gradcheck(
      "BatchNormalizationTraining",
      [["N", 2, "H", 5], [2], [2]],
      { epsilon: { float: 0.1 } },
      { domain: "onnx-graft", outputCount: 3, outputs: [0], dims: { N: 3, H: 4 }, unbound: true },
    ));
});
