import assert from "node:assert/strict";
import { float32, scalar } from "../../toolkit/graph/tensor.ts";
import { gradcheckCases } from "../support/gradcheck-cases.ts";
import { gradientAt } from "../support/gradient-at.ts";

const [low, high] = [scalar(-0.5, "float64"), scalar(0.5, "float64")];

describe("operators/clip", () => {
  gradcheckCases("Clip", {
    "both bounds": { of: { input: [5, 6], min: low, max: high } },
    "an upper bound": { of: { input: [2, 3, 4, 5], min: undefined, max: scalar(0.05, "float64") } },
    "a lower bound": { of: { input: [1, 9], min: low } },
    "no bound": { of: { input: [4] } },
    "a batch of unknown size": { of: { input: ["N", 7], min: low, max: high }, dims: { N: 3 }, unbound: true },
    "a scalar": { of: { input: [], min: low, max: high } },
  });

  it("passes the gradient on the bounds, as PyTorch does", async () => {
    const operands = [float32([5], [-2, -1, 0, 1, 2]), scalar(-1), scalar(1)];
    assert.deepEqual(await gradientAt("Clip", operands, {}, [0]), [[0, 1, 1, 1, 0]]);
  });
});
