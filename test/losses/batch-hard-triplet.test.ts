import assert from "node:assert/strict";
import { errorCode } from "../../toolkit/errors.ts";
import { float32, scalar, tensor, toNumbers } from "../../toolkit/graph/tensor.ts";
import type { TensorData } from "../../toolkit/graph/tensor.ts";
import { batchHardTriplet } from "../../toolkit/losses/batch-hard-triplet.ts";
import { lossAndGradients } from "../support/loss-graph.ts";
import { feedsFor, lossSuite } from "../support/loss-suite.ts";

const shapes = [
  [6, 5],
  [8, 2],
  [5, 3],
  [9, 4],
  [4, 8],
];

/** The loss by search over all pairs, in double precision. */
function search(
  features: readonly number[],
  labels: readonly number[],
  weight: readonly number[],
  rowLoss: (gap: number) => number,
): number {
  const width = features.length / labels.length;
  const row = (i: number): readonly number[] => features.slice(i * width, (i + 1) * width);
  const distance = (i: number, j: number): number => Math.hypot(...row(i).map((v, k) => v - (row(j)[k] ?? 0)));
  const losses = labels.map((label, i) => {
    const others = [...labels.keys()].filter((j) => j !== i);
    const positives = others.filter((j) => labels[j] === label).map((j) => distance(i, j));
    const negatives = others.filter((j) => labels[j] !== label).map((j) => distance(i, j));
    if (positives.length === 0 || negatives.length === 0) return 0;
    return (weight[i] ?? 0) * rowLoss(Math.max(...positives) - Math.min(...negatives));
  });
  return losses.reduce((sum, v) => sum + v, 0) / labels.length;
}

/** Its slope for each feature. */
function slopes(features: readonly number[], loss: (features: readonly number[]) => number): readonly number[] {
  return features.map((v, i) => (loss(features.with(i, v + 1e-6)) - loss(features.with(i, v - 1e-6))) / 2e-6);
}

describe("losses/batch-hard-triplet", () => {
  lossSuite("batchHardTriplet()", batchHardTriplet({ margin: 1 }), { shapes, draw: "apart" });
  lossSuite("batchHardTriplet() with a soft margin", batchHardTriplet({ margin: "soft" }), {
    shapes,
    draw: "apart",
  });

  for (const [title, margin, rowLoss] of [
    ["a margin", 0.5, (gap: number) => Math.max(0, gap + 0.5)],
    ["a soft margin", "soft", (gap: number) => Math.log1p(Math.exp(gap))],
  ] as const) {
    it(`batchHardTriplet() with ${title} equals a search over all pairs`, async () => {
      for (const labels of [
        [0, 1, 0, 1, 1, 0, 2],
        [0, 0, 0, 1, 1],
        [2, 1, 2, 1, 1, 1],
      ]) {
        const feeds = feedsFor(batchHardTriplet(), [labels.length, 3], { draw: "anywhere" });
        const target = tensor("int32", [labels.length], Int32Array.from(labels));
        const { loss, gradients } = await lossAndGradients(batchHardTriplet({ margin }), { ...feeds, target });
        const features = toNumbers(feeds.logits);
        const of = (at: readonly number[]): number => search(at, labels, toNumbers(feeds.weight), rowLoss);
        assert.ok(Math.abs(loss - of(features)) < 1e-5, `${loss}, expected ${of(features)}`);
        const gradient = toNumbers(gradients.get("logits") as TensorData);
        for (const [i, slope] of slopes(features, of).entries())
          assert.ok(Math.abs((gradient[i] ?? Number.NaN) - slope) < 1e-5, `${gradient[i]}, expected ${slope}`);
      }
    });
  }
  it("batchHardTriplet() is 0, without a slope, where all rows are of one class or each of its own", async () => {
    for (const labels of [
      [3, 3, 3],
      [0, 1, 2],
    ]) {
      const { loss, gradients } = await lossAndGradients(batchHardTriplet(), {
        logits: float32([3, 2], [1, 1, 1, 1, 0, 5]),
        target: tensor("int32", [3], Int32Array.from(labels)),
        weight: float32([3], [1, 1, 1]),
        divisor: scalar(3),
      });
      assert.equal(loss, 0);
      assert.ok(toNumbers(gradients.get("logits") as TensorData).every((g) => g === 0));
    }
  });
  it("batchHardTriplet() refuses a margin that is no number", () => {
    assert.throws(
      () => batchHardTriplet({ margin: Number.NaN }),
      (error) => errorCode(error) === "E_SETTING",
    );
  });
});
