import assert from "node:assert/strict";
import { errorCode } from "../../toolkit/errors.ts";
import { float32, scalar, toNumbers } from "../../toolkit/graph/tensor.ts";
import type { TensorData } from "../../toolkit/graph/tensor.ts";
import { huber } from "../../toolkit/losses/huber.ts";
import { lossAndGradients } from "../support/loss-graph.ts";
import { lossSuite } from "../support/loss-suite.ts";

describe("losses/huber", () => {
  lossSuite("huber()", huber());
  lossSuite("huber() with a small delta", huber({ delta: 0.25 }));

  it("huber() is delta times sign where the error is delta or more", async () => {
    const { loss, gradients } = await lossAndGradients(huber({ delta: 2 }), {
      logits: float32([1, 4], [0, 1, 2, -5]),
      target: float32([1, 4], [0, 0, 0, 0]),
      weight: float32([1], [1]),
      divisor: scalar(1),
    });
    assert.ok(Math.abs(loss - (0 + 0.5 + 2 + 8) / 4) < 1e-6, `${loss}`);
    assert.deepEqual(toNumbers(gradients.get("logits") as TensorData), [0, 0.25, 0.5, -0.5]);
  });
  it("huber() refuses a delta that is not above 0", () => {
    assert.throws(
      () => huber({ delta: 0 }),
      (error) => errorCode(error) === "E_SETTING",
    );
  });
});
