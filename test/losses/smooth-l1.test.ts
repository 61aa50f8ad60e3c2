import assert from "node:assert/strict";
import { errorCode } from "../../toolkit/errors.ts";
import { huber } from "../../toolkit/losses/huber.ts";
import { smoothL1 } from "../../toolkit/losses/smooth-l1.ts";
import { lossAndGradients } from "../support/loss-graph.ts";
import { feedsFor, lossSuite } from "../support/loss-suite.ts";

describe("losses/smooth-l1", () => {
  lossSuite("smoothL1()", smoothL1());
  lossSuite("smoothL1() with a small beta", smoothL1({ beta: 0.25 }));

  it("smoothL1() is Huber's loss over beta", async () => {
    const feeds = feedsFor(smoothL1(), [6, 5]);
    const ours = await lossAndGradients(smoothL1({ beta: 0.5 }), feeds);
    const plain = await lossAndGradients(huber({ delta: 0.5 }), feeds);
    assert.ok(Math.abs(ours.loss - plain.loss / 0.5) < 1e-6, `${ours.loss}, ${plain.loss}`);
  });
  it("smoothL1() refuses a beta that is not above 0", () => {
    assert.throws(
      () => smoothL1({ beta: -1 }),
      (error) => errorCode(error) === "E_SETTING",
    );
  });
});
