import assert from "node:assert/strict";
import { float32 } from "../../toolkit/graph/tensor.ts";
import { everyBroadcast, gradcheckCases } from "../support/gradcheck-cases.ts";
import { gradientAt } from "../support/gradient-at.ts";

describe("operators/min-max", () => {
  for (const type of ["Min", "Max"]) {
    gradcheckCases(type, {
      ...everyBroadcast(),
      "three inputs": { of: { a: [3, 4], b: [3, 4], c: [4] } },
      "one input": { of: { a: [3, 4] } },
    });
    it(`${type} shares the gradient between equal inputs, as PyTorch does`, async () => {
      const p = float32([3], [3, 5, 1]);
      const q = float32([3], [3, 4, 2]);
      const won = type === "Max" ? [1, 0] : [0, 1];
      assert.deepEqual(await gradientAt(type, [p, q]), [
        [0.5, ...won],
        [0.5, ...won.toReversed()],
      ]);
    });
  }
});
