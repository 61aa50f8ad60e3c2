import assert from "node:assert/strict";
import { errorCode } from "../../toolkit/errors.ts";
import { float32, toNumbers } from "../../toolkit/graph/tensor.ts";
import type { TensorData } from "../../toolkit/graph/tensor.ts";
import { binaryHinge } from "../../toolkit/losses/binary-hinge.ts";
import { lossAndGradients } from "../support/loss-graph.ts";
import { feedsFor, lossSuite } from "../support/loss-suite.ts";

describe("losses/binary-hinge", () => {
  lossSuite("binaryHinge()", binaryHinge());
  lossSuite("binaryHinge() with a margin of 0.5", binaryHinge({ margin: 0.5 }));

  it("binaryHinge() takes labels of 0 and 1 and of -1 and 1 alike", async () => {
    const feeds = feedsFor(binaryHinge(), [6, 5]);
    const target = feeds.target as TensorData;
    const signs = float32(
      target.shape,
      toNumbers(target).map((y) => 2 * y - 1),
    );
    assert.deepEqual(
      await lossAndGradients(binaryHinge(), { ...feeds, target: signs }),
      await lossAndGradients(binaryHinge(), feeds),
    );
  });
  it("binaryHinge() refuses a margin that is no number", () => {
    assert.throws(
      () => binaryHinge({ margin: Infinity }),
      (error) => errorCode(error) === "E_SETTING",
    );
  });
});
