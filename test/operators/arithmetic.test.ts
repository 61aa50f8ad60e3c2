import assert from "node:assert/strict";
import { float32, scalar } from "../../toolkit/graph/tensor.ts";
import { everyBroadcast, gradcheckCases } from "../support/gradcheck-cases.ts";
import type { GradcheckCases } from "../support/gradcheck-cases.ts";
import { gradientAt } from "../support/gradient-at.ts";
import { shapeOf } from "../support/shape-of.ts";

const power = (exponent: number, x: readonly number[] = [3, 4]): GradcheckCases[string] => ({
  of: { x, y: scalar(exponent, "float64") },
});

describe("operators/arithmetic", () => {
  for (const type of ["Add", "Sub", "Mul", "Div"]) gradcheckCases(type, everyBroadcast(), { draw: "away" });

  gradcheckCases("Pow", everyBroadcast(), { draw: "positive" });
  gradcheckCases(
    "Pow",
    {
      "exponent 0": power(0),
      "exponent 1": power(1, [2, 3, 4, 5]),
      "exponent 2": power(2, []),
      "exponent 3": power(3, [1, 7]),
      "exponent -1": power(-1),
      "exponent 0.5": power(0.5, [6]),
      "an exponent for each channel": {
        of: { x: [2, 3, 4], y: { dtype: "float64", shape: [3, 1], data: Float64Array.of(0, 2, 0.5) } },
      },
    },
    { draw: "positive" },
  );

  it("Pow has a slope of 0 at 0 for an exponent of 0, and 1 for an exponent of 1", async () => {
    const [base] = await gradientAt("Pow", [float32([3], [0, 0, 0]), float32([3], [0, 1, 2])]);
    assert.deepEqual(base, [0, 1, 0]);
  });

  it("broadcasts shapes, names included", () => {
    assert.deepEqual(shapeOf("Add", [["N", 3, 1], [4]]), ["N", 3, 4]);
    assert.deepEqual(shapeOf("Mul", [[], ["N", 2]]), ["N", 2]);
    assert.throws(() => shapeOf("Sub", [[3], [4]]), /Cannot broadcast \[3\] with \[4\] in Sub/);
  });
});
