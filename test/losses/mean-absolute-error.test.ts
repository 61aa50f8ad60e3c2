import assert from "node:assert/strict";
import { float32, scalar, toNumbers } from "../../toolkit/graph/tensor.ts";
import type { TensorData } from "../../toolkit/graph/tensor.ts";
import { meanAbsoluteError } from "../../toolkit/losses/mean-absolute-error.ts";
import { lossAndGradients } from "../support/loss-graph.ts";
import { lossSuite } from "../support/loss-suite.ts";

describe("losses/mean-absolute-error", () => {
  lossSuite("meanAbsoluteError()", meanAbsoluteError());

  it("meanAbsoluteError() has no slope where prediction and target are equal", async () => {
    const { gradients } = await lossAndGradients(meanAbsoluteError(), {
      logits: float32([1, 2], [3, 4]),
      target: float32([1, 2], [3, 3]),
      weight: float32([1], [1]),
      divisor: scalar(1),
    });
    assert.deepEqual(toNumbers(gradients.get("logits") as TensorData), [0, 0.5]);
  });
});
