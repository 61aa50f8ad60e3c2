import assert from "node:assert/strict";
import { float32, scalar, tensor, toNumbers } from "../../toolkit/graph/tensor.ts";
import type { TensorData } from "../../toolkit/graph/tensor.ts";
import { batchContrastive } from "../../toolkit/losses/batch-contrastive.ts";
import { lossAndGradients } from "../support/loss-graph.ts";
import { feedsFor, lossSuite } from "../support/loss-suite.ts";

const shapes = [
  [6, 5],
  [8, 2],
  [5, 3],
  [9, 4],
  [4, 8],
];

/** The loss pair by pair, in double precision. */
function pairByPair(
  features: readonly number[],
  labels: readonly number[],
  weight: readonly number[],
  margin: number,
): number {
  const width = features.length / labels.length;
  const row = (i: number): readonly number[] => features.slice(i * width, (i + 1) * width);
  const distance = (i: number, j: number): number => Math.hypot(...row(i).map((v, k) => v - (row(j)[k] ?? 0)));
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, v) => sum + v, 0) / Math.max(1, values.length);
  const losses = labels.map((label, i) => {
    const others = [...labels.keys()].filter((j) => j !== i);
    const near = others.filter((j) => labels[j] === label).map((j) => distance(i, j) ** 2);
    const far = others.filter((j) => labels[j] !== label).map((j) => Math.max(0, margin - distance(i, j)) ** 2);
    return ((weight[i] ?? 0) * (mean(near) + mean(far))) / 2;
  });
  return losses.reduce((sum, v) => sum + v, 0) / labels.length;
}

describe("losses/batch-contrastive", () => {
  lossSuite("batchContrastive()", batchContrastive({ margin: 3 }), { shapes, draw: "anywhere" });

  it("batchContrastive() equals a sum pair by pair, and so do its slopes", async () => {
    for (const labels of [
      [0, 1, 0, 1, 1, 0, 2],
      [0, 0, 0, 1, 1],
      [2, 1, 2, 1, 1, 1],
      [4, 4, 4],
      [0, 1, 2],
    ]) {
      const feeds = feedsFor(batchContrastive(), [labels.length, 3], { draw: "anywhere" });
      const target = tensor("int32", [labels.length], Int32Array.from(labels));
      const { loss, gradients } = await lossAndGradients(batchContrastive({ margin: 2 }), { ...feeds, target });
      const features = toNumbers(feeds.logits);
      const of = (at: readonly number[]): number => pairByPair(at, labels, toNumbers(feeds.weight), 2);
      assert.ok(Math.abs(loss - of(features)) < 1e-5, `${loss}, expected ${of(features)}`);
      const gradient = toNumbers(gradients.get("logits") as TensorData);
      for (const [i, g] of gradient.entries()) {
        const slope = (of(features.with(i, features[i]! + 1e-6)) - of(features.with(i, features[i]! - 1e-6))) / 2e-6;
        assert.ok(Math.abs(g - slope) < 1e-5, `${g}, expected ${slope}`);
      }
    }
  });

  it("batchContrastive() is 0 where classes are points that lie farther apart than the margin", async () => {
    const { loss } = await lossAndGradients(batchContrastive({ margin: 1 }), {
      logits: float32([4, 2], [0, 0, 0, 0, 3, 3, 3, 3]),
      target: tensor("int32", [4], Int32Array.from([0, 0, 1, 1])),
      weight: float32([4], [1, 1, 1, 1]),
      divisor: scalar(4),
    });
    assert.ok(loss < 1e-11, `${loss}`);
  });

  it("batchContrastive() refuses a margin that is not above 0", () => {
    assert.throws(() => batchContrastive({ margin: 0 }), { code: "E_SETTING", message: /margin/ });
  });
});
