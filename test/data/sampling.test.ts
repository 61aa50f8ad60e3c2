import assert from "node:assert/strict";
import { epochOrder } from "../../toolkit/data/augment.ts";
import type { Sample } from "../../toolkit/data/sample.ts";
import { balancedWeights, samplingOf, samplingOrder } from "../../toolkit/data/sampling.ts";

const sample = (label: number, more: Partial<Sample> = {}): Sample => ({ path: "p", id: "p", label, ...more });
/** Six of class 0, two of class 1. */
const skewed = [0, 0, 0, 1, 0, 0, 1, 0].map((label) => sample(label));

describe("data/sampling", () => {
  it("balancedWeights() are n / (K n_k), and give every class the same sum", () => {
    assert.deepEqual(balancedWeights(skewed), [8 / 12, 8 / 4]);
    // class 1 has no sample
    assert.deepEqual(balancedWeights([sample(0), sample(2), sample(2)]), [1.5, 1, 0.75]);
  });

  it("samplingOf() says nothing where nothing is asked", () => {
    assert.deepEqual(samplingOf(skewed, {}), {});
    assert.deepEqual(samplingOf(skewed, { sampler: "shuffle" }), {});
  });

  it("samplingOf() multiplies the weight of a class with that of a photo", () => {
    const samples = [sample(0, { weight: 3 }), sample(1), sample(1, { weight: 0.5 })];
    assert.deepEqual(samplingOf(samples, {}), { loss: [3, 1, 0.5] });
    assert.deepEqual(samplingOf(samples, { classWeights: [2, 10] }), { loss: [6, 10, 5] });
    assert.deepEqual(samplingOf(skewed, { classWeights: "balanced" }).loss?.slice(2, 4), [8 / 12, 2]);
  });

  it("samplingOf() takes the mean of the classes that a photo has, and 1 for none", () => {
    const samples = [sample(0, { labels: [0, 1] }), sample(-1, { labels: [] }), sample(1, { labels: [1] })];
    assert.deepEqual(samplingOf(samples, { classWeights: [2, 4] }), { loss: [3, 1, 4] });
  });

  it("samplingOf() leaves to the sampler what it draws by, and the rest to the loss", () => {
    const samples = [sample(0, { weight: 3 }), sample(1), sample(1)];
    assert.deepEqual(samplingOf(samples, { sampler: "weighted", classWeights: [1, 2] }), { draws: [3, 2, 2] });
    assert.deepEqual(samplingOf(samples, { sampler: "balanced" }), { draws: [1.5, 0.75, 0.75], loss: [3, 1, 1] });
  });

  it("samplingOrder() shuffles where nothing is drawn by, and else lets classes come equally often", () => {
    const usable = [1, 3, 4, 6];
    assert.deepEqual(
      samplingOrder(usable, {}, 2, 1),
      Array.from(epochOrder(4, 2, 1), (i) => usable[i]),
    );
    const sampling = samplingOf(skewed, { sampler: "balanced" });
    const all = [...skewed.keys()];
    const labels = Array.from({ length: 200 }, (_, epoch) => samplingOrder(all, sampling, 0, epoch))
      .flat()
      .map((i) => skewed[i]?.label);
    const share = labels.filter((label) => label === 1).length / labels.length;
    // 1,600 draws: three standard deviations are 0.0375
    assert.ok(Math.abs(share - 0.5) < 0.0375, `share ${share}`);
  });
});
