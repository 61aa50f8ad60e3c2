import assert from "node:assert/strict";
import { float32 } from "../../toolkit/graph/tensor.ts";
import { everyShape, gradcheckCases } from "../support/gradcheck-cases.ts";
import { gradientAt } from "../support/gradient-at.ts";

describe("operators/relu", () => {
  gradcheckCases("Relu", everyShape(), { draw: "away" });
  gradcheckCases("Relu", { "in float32": { of: { x: [3, 4] } } }, { draw: "away", dtype: "float32" });

  it("has a slope of 0 at 0", async () => {
    assert.deepEqual(await gradientAt("Relu", [float32([3], [-2, 0, 2])]), [[0, 0, 1]]);
  });
});
