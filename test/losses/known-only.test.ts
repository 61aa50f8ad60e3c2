import assert from "node:assert/strict";
import { float32, scalar, toNumbers } from "../../toolkit/graph/tensor.ts";
import type { TensorData } from "../../toolkit/graph/tensor.ts";
import { knownOnly } from "../../toolkit/losses/known-only.ts";
import { meanSquaredError } from "../../toolkit/losses/mean-squared-error.ts";
import { lossAndGradients } from "../support/loss-graph.ts";
import { lossSuite } from "../support/loss-suite.ts";

describe("losses/known-only", () => {
  lossSuite("knownOnly()", knownOnly(meanSquaredError()));

  it("knownOnly() takes nothing from numbers that are not known, whatever is predicted there", async () => {
    const { loss, gradients } = await lossAndGradients(knownOnly(meanSquaredError()), {
      logits: float32([2, 2], [3, 3e38, 1, 5]),
      target: float32([2, 2], [1, Number.NaN, Number.NaN, 2]),
      weight: float32([2], [1, 1]),
      divisor: scalar(2),
    });
    // (2^2 + 0) / 2 and (0 + 3^2) / 2, in the mean
    assert.ok(Math.abs(loss - 3.25) < 1e-6, `${loss}`);
    assert.deepEqual(toNumbers(gradients.get("logits") as TensorData), [1, 0, 0, 1.5]);
  });
});
