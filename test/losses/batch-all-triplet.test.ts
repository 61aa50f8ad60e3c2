import assert from "node:assert/strict";
import { float32, scalar, tensor, toNumbers } from "../../toolkit/graph/tensor.ts";
import type { TensorData } from "../../toolkit/graph/tensor.ts";
import { batchAllTriplet } from "../../toolkit/losses/batch-all-triplet.ts";
import { lossAndGradients } from "../support/loss-graph.ts";
import { feedsFor, lossSuite } from "../support/loss-suite.ts";

const shapes = [
  [6, 5],
  [8, 2],
  [5, 3],
  [9, 4],
  [4, 8],
];

/** The loss triplet by triplet, in double precision. */
function byTriplet(
  features: readonly number[],
  labels: readonly number[],
  weight: readonly number[],
  margin: number,
): number {
  const width = features.length / labels.length;
  const row = (i: number): readonly number[] => features.slice(i * width, (i + 1) * width);
  const distance = (i: number, j: number): number => Math.hypot(...row(i).map((v, k) => v - (row(j)[k] ?? 0)));
  const losses = labels.map((label, a) => {
    const others = [...labels.keys()].filter((j) => j !== a);
    const positives = others.filter((p) => labels[p] === label);
    const negatives = others.filter((n) => labels[n] !== label);
    const gaps = positives.flatMap((p) => negatives.map((n) => margin + distance(a, p) - distance(a, n)));
    const counted = gaps.filter((gap) => gap > 0);
    return ((weight[a] ?? 0) * counted.reduce((sum, gap) => sum + gap, 0)) / Math.max(1, counted.length);
  });
  return losses.reduce((sum, v) => sum + v, 0) / labels.length;
}

describe("losses/batch-all-triplet", () => {
  lossSuite("batchAllTriplet()", batchAllTriplet({ margin: 20 }), { shapes, draw: "apart" });

  it("batchAllTriplet() equals a sum triplet by triplet, and so do its slopes", async () => {
    for (const labels of [
      [0, 1, 0, 1, 1, 0, 2],
      [0, 0, 0, 1, 1],
      [2, 1, 2, 1, 1, 1],
    ]) {
      const feeds = feedsFor(batchAllTriplet(), [labels.length, 3], { draw: "anywhere" });
      const target = tensor("int32", [labels.length], Int32Array.from(labels));
      const { loss, gradients } = await lossAndGradients(batchAllTriplet({ margin: 0.7 }), { ...feeds, target });
      const features = toNumbers(feeds.logits);
      const of = (at: readonly number[]): number => byTriplet(at, labels, toNumbers(feeds.weight), 0.7);
      assert.ok(loss > 0 && Math.abs(loss - of(features)) < 1e-5, `${loss}, expected ${of(features)}`);
      const gradient = toNumbers(gradients.get("logits") as TensorData);
      for (const [i, g] of gradient.entries()) {
        const slope = (of(features.with(i, features[i]! + 1e-6)) - of(features.with(i, features[i]! - 1e-6))) / 2e-6;
        assert.ok(Math.abs(g - slope) < 1e-5, `${g}, expected ${slope}`);
      }
    }
  });

  it("batchAllTriplet() is 0, without a slope, where a batch has no triplet", async () => {
    for (const labels of [
      [3, 3, 3],
      [0, 1, 2],
    ]) {
      const { loss, gradients } = await lossAndGradients(batchAllTriplet(), {
        logits: float32([3, 2], [1, 1, 1, 1, 0, 5]),
        target: tensor("int32", [3], Int32Array.from(labels)),
        weight: float32([3], [1, 1, 1]),
        divisor: scalar(3),
      });
      assert.equal(loss, 0);
      assert.ok(toNumbers(gradients.get("logits") as TensorData).every((g) => g === 0));
    }
  });

  it("batchAllTriplet() refuses a margin that is no number", () => {
    assert.throws(() => batchAllTriplet({ margin: Number.NaN }), { code: "E_SETTING", message: /margin/ });
  });
});
