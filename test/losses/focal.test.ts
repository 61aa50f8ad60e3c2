import assert from "node:assert/strict";
import { errorCode } from "../../toolkit/errors.ts";
import { focal } from "../../toolkit/losses/focal.ts";
import { softmaxCrossEntropy } from "../../toolkit/losses/softmax-cross-entropy.ts";
import { lossAndGradients } from "../support/loss-graph.ts";
import { THREE_CLASSES, feedsFor, lossSuite } from "../support/loss-suite.ts";

describe("losses/focal", () => {
  lossSuite("focal()", focal(), { soft: true });
  // a power below 1 has an infinite slope at 0
  lossSuite("focal() with a power below 1", focal({ gamma: 0.5 }));
  lossSuite("focal() with class weights", focal({ gamma: 1, alpha: [1, 0.5, 2] }), {
    shapes: THREE_CLASSES,
  });

  it("focal() with gamma 0 is cross-entropy", async () => {
    const feeds = feedsFor(focal(), [6, 5], { soft: true });
    const ours = await lossAndGradients(focal({ gamma: 0 }), feeds);
    const plain = await lossAndGradients(softmaxCrossEntropy(), feeds);
    assert.ok(Math.abs(ours.loss - plain.loss) < 1e-6, `${ours.loss}, ${plain.loss}`);
  });
  it("focal() refuses settings out of range", () => {
    const isSetting = (error: unknown): boolean => errorCode(error) === "E_SETTING";
    assert.throws(() => focal({ gamma: -1 }), isSetting);
    assert.throws(() => focal({ alpha: [1, Infinity] }), isSetting);
  });
});
