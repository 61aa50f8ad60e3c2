import assert from "node:assert/strict";
import { stopMetrics, waitingFor, watchedValue } from "../../toolkit/train/early-stopping.ts";
import { score } from "../../toolkit/train/evaluate.ts";
import { numberMetrics } from "../../toolkit/train/evaluate-numbers.ts";

describe("train/early-stopping", () => {
  const loss = { metric: "loss", patience: 2, leastImprovement: 0 } as const;

  it("waitingFor() is over after as many epochs without an improvement as patience has", () => {
    const over = [1, 0.5, 0.6, 0.5].map((_, i, all) => waitingFor(all.slice(0, i + 1), loss).isOver);
    assert.deepEqual(over, [false, false, false, true]);
    assert.deepEqual(waitingFor([1, 0.5, 0.6, 0.5], loss), { epochs: 2, bestEpoch: 2, best: 0.5, isOver: true });
  });

  it("waitingFor() counts anew from an improvement, and only from one that is large enough", () => {
    assert.equal(waitingFor([1, 1.1, 0.9, 1], loss).isOver, false);
    const small = { ...loss, leastImprovement: 0.2 };
    assert.deepEqual(waitingFor([1, 0.9, 0.81], small), { epochs: 2, bestEpoch: 1, best: 1, isOver: true });
    assert.deepEqual(waitingFor([1, 0.9, 0.79], small).bestEpoch, 3);
  });

  it("waitingFor() takes more of an accuracy for better", () => {
    const top1 = { ...loss, metric: "top1" } as const;
    assert.deepEqual(waitingFor([0.5, 0.75, 0.7], top1), { epochs: 1, bestEpoch: 2, best: 0.75, isOver: false });
  });

  it("waitingFor() is improved by no value that is not a number", () => {
    assert.deepEqual(waitingFor([Number.NaN, Number.NaN], loss).isOver, true);
    assert.equal(waitingFor([Number.NaN, 0.3, Number.NaN], loss).bestEpoch, 2);
  });

  it("watchedValue() reads every metric, and refuses one that photos of one label each do not have", () => {
    const evaluation = score([Float32Array.of(2, 1), Float32Array.of(2, 1)], [0, 1], [0, 1], 2);
    const others = ["meanAveragePrecision", "rmse", "mae", "r2"] as const;
    const found = stopMetrics.filter((m) => !others.some((o) => o === m)).map((m) => watchedValue(evaluation, m));
    assert.deepEqual(found, [evaluation.loss, 0.5, 0]);
    for (const metric of others) assert.throws(() => watchedValue(evaluation, metric), { code: "E_SETTING" });
  });

  it("watchedValue() reads the errors of numbers, in the mean of the columns, and no accuracy of them", () => {
    const standard = [{ mean: 0, deviation: 1 }];
    const numbers = numberMetrics(Float32Array.of(1, 4), Float32Array.of(2, 4), ["x"], standard);
    const evaluation = { ...score([], [], [], 0), count: 2, loss: numbers.loss, numbers };
    const watched = (["loss", "rmse", "mae", "r2"] as const).map((metric) => watchedValue(evaluation, metric));
    assert.deepEqual(watched, [0.5, Math.sqrt(0.5), 0.5, 0.5]);
    assert.throws(() => watchedValue(evaluation, "top1"), { code: "E_SETTING" });
  });
});
