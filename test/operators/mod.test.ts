import assert from "node:assert/strict";
import { float32 } from "../../toolkit/graph/tensor.ts";
import { everyBroadcast, gradcheckCases } from "../support/gradcheck-cases.ts";
import { gradientAt } from "../support/gradient-at.ts";

describe("operators/mod", () => {
  gradcheckCases("Mod", everyBroadcast({ fmod: 1 }), { draw: [1.1, 1.9] });

  it("has the whole part of the ratio as its slope in the divisor, cut towards zero", async () => {
    const operands = [float32([4], [7, -7, 7, 1]), float32([4], [2, 2, -2, 2])];
    const [dividend, divisor] = await gradientAt("Mod", operands, { fmod: 1 });
    assert.deepEqual(dividend, [1, 1, 1, 1]);
    assert.deepEqual(
      divisor?.map((v) => v + 0),
      [-3, 3, 3, 0],
    );
  });
});
