import assert from "node:assert/strict";
import { errorCode } from "../../toolkit/errors.ts";
import { float32, scalar, toNumbers } from "../../toolkit/graph/tensor.ts";
import { contrastive } from "../../toolkit/losses/contrastive.ts";
import { lossAndGradients } from "../support/loss-graph.ts";
import { FEATURES, lossSuite } from "../support/loss-suite.ts";

describe("losses/contrastive", () => {
  lossSuite("contrastive()", contrastive(), { shapes: FEATURES, draw: "anywhere" });
  lossSuite("contrastive() with a wide margin", contrastive({ margin: 8, second: "other" }), {
    shapes: FEATURES,
    draw: "anywhere",
  });

  it("contrastive() has a finite slope where both are the same", async () => {
    const same = float32([2, 3], [1, 2, 3, 0, 0, 0]);
    const { loss, gradients } = await lossAndGradients(contrastive(), {
      logits: same,
      target: float32([2], [1, 0]),
      weight: float32([2], [1, 1]),
      divisor: scalar(2),
      extras: new Map([["second", same]]),
      wrt: ["logits", "second"],
    });
    assert.ok(Math.abs(loss - 0.25) < 1e-5, `${loss}`);
    for (const t of gradients.values()) assert.ok(toNumbers(t).every((g) => g === 0));
  });
  it("contrastive() refuses settings out of range", () => {
    const isSetting = (error: unknown): boolean => errorCode(error) === "E_SETTING";
    assert.throws(() => contrastive({ margin: 0 }), isSetting);
    assert.throws(() => contrastive({ epsilon: 0 }), isSetting);
  });
});
