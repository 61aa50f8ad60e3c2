import assert from "node:assert/strict";
import { errorCode } from "../../toolkit/errors.ts";
import { toNumbers } from "../../toolkit/graph/tensor.ts";
import type { TensorData } from "../../toolkit/graph/tensor.ts";
import { focal } from "../../toolkit/losses/focal.ts";
import { meanSquaredError } from "../../toolkit/losses/mean-squared-error.ts";
import { multiClassHinge } from "../../toolkit/losses/multi-class-hinge.ts";
import { softmaxCrossEntropy } from "../../toolkit/losses/softmax-cross-entropy.ts";
import { tripletMargin } from "../../toolkit/losses/triplet-margin.ts";
import { weightedSum } from "../../toolkit/losses/weighted-sum.ts";
import { lossAndGradients } from "../support/loss-graph.ts";
import { feedsFor, lossSuite } from "../support/loss-suite.ts";

const parts = [
  { loss: softmaxCrossEntropy(), weight: 1 },
  { loss: multiClassHinge(), weight: 0.25 },
  { loss: softmaxCrossEntropy({ labelSmoothing: 0.1 }), weight: 0.4, logits: "auxiliary" },
];

describe("losses/weighted-sum", () => {
  lossSuite("weightedSum()", weightedSum(parts));
  lossSuite(
    "weightedSum() with triplets",
    weightedSum([
      { loss: focal(), weight: 0.5 },
      { loss: tripletMargin(), weight: 2 },
    ]),
    {
      draw: "anywhere",
      shapes: [
        [6, 5],
        [1, 5],
        [4, 2],
        [5, 3],
        [3, 8],
      ],
    },
  );

  it("weightedSum() is the sum of weight times loss, of values and of gradients", async () => {
    const whole = weightedSum(parts);
    const feeds = feedsFor(whole, [6, 5]);
    const auxiliary = feeds.extras?.get("auxiliary") as TensorData;
    const { loss, gradients } = await lossAndGradients(whole, feeds);
    const of = await Promise.all(
      parts.map((part) =>
        lossAndGradients(part.loss, { ...feeds, wrt: ["logits"], ...(part.logits ? { logits: auxiliary } : {}) }),
      ),
    );
    const expected = of.reduce((sum, one, i) => sum + one.loss * (parts[i]?.weight ?? 0), 0);
    assert.ok(Math.abs(loss - expected) < 1e-5, `${loss}, expected ${expected}`);
    for (const [i, g] of toNumbers(gradients.get("auxiliary") as TensorData).entries()) {
      const own = toNumbers(of[2]?.gradients.get("logits") as TensorData)[i] ?? Number.NaN;
      assert.ok(Math.abs(g - 0.4 * own) < 1e-6);
    }
  });
  it("weightedSum() asks for the target that its parts share, and reads what any of them reads", () => {
    const both = weightedSum([
      { loss: tripletMargin(), weight: 1 },
      { loss: meanSquaredError(), weight: 1, logits: "positive" },
    ]);
    assert.equal(both.target, "values");
    assert.deepEqual(both.reads, ["positive", "negative"]);
    assert.equal(weightedSum([{ loss: tripletMargin(), weight: 1 }]).target, "none");
  });
  it("weightedSum() refuses no parts, parts of different targets, and weights that are no numbers", () => {
    const isSetting = (error: unknown): boolean => errorCode(error) === "E_SETTING";
    const mse = { loss: meanSquaredError(), weight: 1 };
    assert.throws(() => weightedSum([]), isSetting);
    assert.throws(() => weightedSum([mse, { loss: focal(), weight: 1 }]), isSetting);
    assert.throws(() => weightedSum([{ ...mse, weight: Number.NaN }]), isSetting);
  });
});
