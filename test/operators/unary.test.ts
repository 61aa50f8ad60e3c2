import assert from "node:assert/strict";
import { float32 } from "../../toolkit/graph/tensor.ts";
import { everyShape, gradcheckCases } from "../support/gradcheck-cases.ts";
import { gradientAt } from "../support/gradient-at.ts";

describe("operators/unary", () => {
  gradcheckCases("Neg", everyShape());
  gradcheckCases("Exp", everyShape());
  gradcheckCases("Log", everyShape(), { draw: "positive" });
  gradcheckCases("Sqrt", everyShape(), { draw: "positive" });
  gradcheckCases("Abs", everyShape(), { draw: "away" });
  gradcheckCases("Reciprocal", everyShape(), { draw: "away" });
  gradcheckCases("Erf", everyShape(), { dtype: "float32" });

  it("Abs has a slope of 0 at 0", async () => {
    assert.deepEqual(await gradientAt("Abs", [float32([3], [-2, 0, 2])]), [[-1, 0, 1]]);
  });
});
