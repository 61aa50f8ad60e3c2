import assert from "node:assert/strict";
import { errorCode } from "../../toolkit/errors.ts";
import { float32, scalar, toNumbers } from "../../toolkit/graph/tensor.ts";
import type { TensorData } from "../../toolkit/graph/tensor.ts";
import { binaryCrossEntropy } from "../../toolkit/losses/binary-cross-entropy.ts";
import { lossAndGradients } from "../support/loss-graph.ts";
import { THREE_CLASSES, lossSuite } from "../support/loss-suite.ts";

describe("losses/binary-cross-entropy", () => {
  lossSuite("binaryCrossEntropy()", binaryCrossEntropy());
  lossSuite("binaryCrossEntropy() with positive weights", binaryCrossEntropy({ posWeight: [2, 0.5, 0] }), {
    shapes: THREE_CLASSES,
  });

  it("binaryCrossEntropy() of large logits is exact", async () => {
    const { loss, gradients } = await lossAndGradients(binaryCrossEntropy(), {
      logits: float32([2, 2], [1e4, 1e4, -1e4, 0]),
      target: float32([2, 2], [1, 0, 1, 0]),
      weight: float32([2], [1, 1]),
      divisor: scalar(2),
    });
    assert.ok(Math.abs(loss - (2e4 + Math.LN2) / 4) < 1e-2, `${loss}`);
    assert.deepEqual(toNumbers(gradients.get("logits") as TensorData), [0, 0.25, -0.25, 0.125]);
  });
  it("binaryCrossEntropy() refuses negative weights, and weights of another count", async () => {
    const isSetting = (error: unknown): boolean => errorCode(error) === "E_SETTING";
    assert.throws(() => binaryCrossEntropy({ posWeight: [-1] }), isSetting);
    const feeds = { logits: float32([1, 2], [0, 0]), weight: float32([1], [1]), divisor: scalar(1) };
    await assert.rejects(lossAndGradients(binaryCrossEntropy({ posWeight: [1] }), feeds), isSetting);
  });
});
