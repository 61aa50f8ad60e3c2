import assert from "node:assert/strict";
import { errorCode } from "../../toolkit/errors.ts";
import { float32, scalar, toNumbers } from "../../toolkit/graph/tensor.ts";
import { tripletMargin } from "../../toolkit/losses/triplet-margin.ts";
import { lossAndGradients } from "../support/loss-graph.ts";
import { FEATURES, feedsFor, lossSuite } from "../support/loss-suite.ts";

describe("losses/triplet-margin", () => {
  lossSuite("tripletMargin()", tripletMargin(), { shapes: FEATURES, draw: "anywhere" });
  lossSuite("tripletMargin() with other names", tripletMargin({ margin: 3, positive: "near", negative: "far" }), {
    shapes: FEATURES,
    draw: "anywhere",
  });

  it("tripletMargin() has a finite slope where all three are the same", async () => {
    const same = float32([2, 3], [1, 2, 3, 0, 0, 0]);
    const { loss, gradients } = await lossAndGradients(tripletMargin({ epsilon: 0 }), {
      logits: same,
      weight: float32([2], [1, 1]),
      divisor: scalar(2),
      extras: new Map([
        ["positive", same],
        ["negative", same],
      ]),
      wrt: ["logits", "positive", "negative"],
    });
    assert.equal(loss, 1);
    for (const t of gradients.values()) assert.ok(toNumbers(t).every((g) => g === 0));
  });
  it("tripletMargin() refuses settings out of range, and a loss without its values", async () => {
    assert.throws(
      () => tripletMargin({ epsilon: -1 }),
      (error) => errorCode(error) === "E_SETTING",
    );
    const { extras: _, ...feeds } = feedsFor(tripletMargin(), [2, 3]);
    await assert.rejects(lossAndGradients(tripletMargin(), feeds), (error) => errorCode(error) === "E_NO_VALUE");
  });
});
