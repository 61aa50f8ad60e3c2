import assert from "node:assert/strict";
import { errorCode } from "../../toolkit/errors.ts";
import { binaryCrossEntropy } from "../../toolkit/losses/binary-cross-entropy.ts";
import { sigmoidFocal } from "../../toolkit/losses/sigmoid-focal.ts";
import { lossAndGradients } from "../support/loss-graph.ts";
import { feedsFor, lossSuite } from "../support/loss-suite.ts";

describe("losses/sigmoid-focal", () => {
  lossSuite("sigmoidFocal()", sigmoidFocal());
  lossSuite("sigmoidFocal() with alpha", sigmoidFocal({ gamma: 1.5, alpha: 0.25 }));
  lossSuite("sigmoidFocal() with a power below 1", sigmoidFocal({ gamma: 0.5 }));

  it("sigmoidFocal() with gamma 0 is binary cross-entropy, and half of it with alpha 0.5", async () => {
    const feeds = feedsFor(sigmoidFocal(), [6, 5]);
    const plain = await lossAndGradients(binaryCrossEntropy(), feeds);
    const ours = await lossAndGradients(sigmoidFocal({ gamma: 0 }), feeds);
    const half = await lossAndGradients(sigmoidFocal({ gamma: 0, alpha: 0.5 }), feeds);
    assert.ok(Math.abs(ours.loss - plain.loss) < 1e-6, `${ours.loss}, ${plain.loss}`);
    assert.ok(Math.abs(half.loss - plain.loss / 2) < 1e-6, `${half.loss}, ${plain.loss}`);
  });
  it("sigmoidFocal() refuses settings out of range", () => {
    const isSetting = (error: unknown): boolean => errorCode(error) === "E_SETTING";
    assert.throws(() => sigmoidFocal({ gamma: -1 }), isSetting);
    assert.throws(() => sigmoidFocal({ alpha: 1.1 }), isSetting);
  });
});
