import assert from "node:assert/strict";
import { plateau } from "../../toolkit/schedules/plateau.ts";
import type { PlateauOptions } from "../../toolkit/schedules/plateau.ts";

function rateAfter(metrics: readonly number[], options: PlateauOptions): number {
  return plateau(1, options)({ step: 0, steps: 1, metrics });
}

describe("schedules/plateau", () => {
  it("plateau() waits for more than `patience` metrics that are no better", () => {
    const options = { factor: 0.5, patience: 2 };
    assert.equal(rateAfter([], options), 1);
    assert.equal(rateAfter([0.8, 0.8, 0.7], options), 1);
    assert.equal(rateAfter([0.8, 0.8, 0.7, 0.6], options), 0.5);
    assert.equal(rateAfter([0.8, 0.7, 0.7, 0.9, 0.7, 0.7], options), 1);
  });
  it("plateau() takes a larger metric to be better, or with `min` a smaller one", () => {
    const rising = [0.1, 0.2, 0.3];
    assert.equal(rateAfter(rising, { patience: 0 }), 1);
    assert.equal(rateAfter(rising, { patience: 0, mode: "min", factor: 0.5 }), 0.25);
  });
  it("plateau() counts only improvements beyond its threshold", () => {
    assert.equal(rateAfter([10, 10.5], { patience: 0, threshold: 0.1, factor: 0.5 }), 0.5);
    assert.equal(rateAfter([10, 10.5], { patience: 0, threshold: 0.1, thresholdMode: "abs", factor: 0.5 }), 1);
  });
  it("plateau() counts nothing as bad during its cooldown", () => {
    assert.equal(rateAfter([1, 1, 1, 1], { patience: 0, factor: 0.5, cooldown: 2 }), 0.5);
    assert.equal(rateAfter([1, 1, 1, 1, 1], { patience: 0, factor: 0.5, cooldown: 2 }), 0.25);
  });
  it("plateau() does not fall below its floor, and takes a metric that is no number for a bad one", () => {
    assert.equal(rateAfter([1, 1, 1, 1], { patience: 0, factor: 0.1, floor: 0.05 }), 0.05);
    assert.equal(rateAfter([Number.NaN, Number.NaN], { patience: 1, factor: 0.5 }), 0.5);
  });
});
