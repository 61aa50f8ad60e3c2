import assert from "node:assert/strict";
import { errorCode } from "../../toolkit/errors.ts";
import { toNumbers } from "../../toolkit/graph/tensor.ts";
import type { TensorData } from "../../toolkit/graph/tensor.ts";
import { distillation } from "../../toolkit/losses/distillation.ts";
import { meanSquaredError } from "../../toolkit/losses/mean-squared-error.ts";
import { lossAndGradients } from "../support/loss-graph.ts";
import { feedsFor, lossSuite } from "../support/loss-suite.ts";

const fixed = ["teacher.logits"];

describe("losses/distillation", () => {
  lossSuite("distillation()", distillation(), { fixed });
  lossSuite("distillation() at temperature 1", distillation({ temperature: 1 }), { fixed });
  lossSuite("distillation() mixed with labels", distillation({ temperature: 2, alpha: 0.7 }), { fixed });

  it("distillation() is 0, without a slope, where student and teacher agree", async () => {
    const feeds = feedsFor(distillation(), [6, 5], { fixed });
    const agreed = { ...feeds, extras: new Map([["teacher.logits", feeds.logits]]) };
    const { loss, gradients } = await lossAndGradients(distillation(), agreed);
    assert.ok(Math.abs(loss) < 1e-6, `${loss}`);
    assert.ok(toNumbers(gradients.get("logits") as TensorData).every((g) => Math.abs(g) < 1e-6));
  });
  it("distillation() asks for labels only where they count", () => {
    assert.equal(distillation().target, "none");
    assert.equal(distillation({ alpha: 0.5 }).target, "class-distribution");
    assert.equal(distillation({ alpha: 0.5, hard: meanSquaredError() }).target, "values");
    assert.deepEqual(distillation({ alpha: 0.5, teacher: "t" }).reads, ["t"]);
  });
  it("distillation() refuses settings out of range", () => {
    const isSetting = (error: unknown): boolean => errorCode(error) === "E_SETTING";
    assert.throws(() => distillation({ temperature: 0 }), isSetting);
    assert.throws(() => distillation({ alpha: 2 }), isSetting);
  });
});
