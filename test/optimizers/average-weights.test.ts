import assert from "node:assert/strict";
import { fillNormal } from "../../toolkit/graph/random.ts";
import { float32 } from "../../toolkit/graph/tensor.ts";
import { sgd } from "../../toolkit/optimizers/sgd.ts";
import type { Tensors } from "../../toolkit/runtime/runtime.ts";
import { followOptimizer, gradientStep } from "../support/follow-optimizer.ts";

const start: Tensors = new Map([["p", float32([2, 2], [1, -2, 3, 0.5])]]);
const gradients = Array.from({ length: 12 }, (_, i): Tensors => new Map([["p", float32([2, 2], fillNormal(4, 3, i))]]));
const RATE = 0.1;

function numbersOf(state: Tensors | undefined, name: string): readonly number[] {
  return Array.from(state?.get(name)?.data as Float32Array);
}

/** The average by a plain loop over the parameters that training made; `keep` says how much of it stays at update t, from 1. */
function averaged(states: readonly Tensors[], keep: (t: number) => number): readonly number[] {
  let average = numbersOf(start, "p");
  for (const [i, state] of states.entries()) {
    const share = keep(i + 1);
    const now = numbersOf(state, "p");
    average = average.map((v, k) => share * v + (1 - share) * (now[k] ?? 0));
  }
  return average;
}

function isNear(actual: readonly number[], expected: readonly number[]): void {
  assert.equal(actual.length, expected.length);
  for (const [i, v] of expected.entries())
    assert.ok(Math.abs((actual[i] ?? Number.NaN) - v) < 1e-6, `${i}: ${actual[i]}, ${v}`);
}

describe("optimizers/average-weights", () => {
  it("averageWeights() follows a plain loop over the weights", async () => {
    const states = await followOptimizer(start, gradients, RATE, {
      optimizer: sgd({ momentum: 0.9 }),
      averageDecay: 0.8,
    });
    isNear(
      numbersOf(states.at(-1), "step/average/p"),
      averaged(states, () => 0.8),
    );
  });
  it("averageWeights() keeps less at first with warmUp", async () => {
    const settings = { optimizer: sgd(), averageDecay: 0.4, averageWarmUp: true };
    const states = await followOptimizer(start, gradients, RATE, settings);
    const keep = (t: number): number => Math.min(0.4, (1 + t) / (10 + t));
    // both sides of the minimum are met
    assert.ok(keep(1) < 0.4 && keep(12) === 0.4);
    isNear(numbersOf(states.at(-1), "step/average/p"), averaged(states, keep));
  });
  it("averageWeights() does not change the training", async () => {
    const plain = await followOptimizer(start, gradients, RATE, { optimizer: sgd({ momentum: 0.9 }) });
    const states = await followOptimizer(start, gradients, RATE, {
      optimizer: sgd({ momentum: 0.9 }),
      averageDecay: 0.8,
    });
    assert.deepEqual(states.at(-1)?.get("p"), plain.at(-1)?.get("p"));
    assert.deepEqual(states.at(-1)?.get("step/momentum/p"), plain.at(-1)?.get("step/momentum/p"));
  });
  it("averageWeights() counts updates, not steps, where gradients are accumulated", async () => {
    const settings = { optimizer: sgd(), averageDecay: 0.8, accumulate: 3 };
    const states = await followOptimizer(start, gradients, RATE, settings);
    const updated = states.filter((_, i) => i % 3 === 2);
    isNear(
      numbersOf(states.at(-1), "step/average/p"),
      averaged(updated, () => 0.8),
    );
  });
  it("a step says where its averages are, and starts them as the parameters", () => {
    const step = gradientStep(start, { optimizer: sgd(), averageDecay: 0.8 });
    assert.deepEqual(step.averages, new Map([["p", "step/average/p"]]));
    assert.deepEqual(step.initial.get("step/average/p"), start.get("p"));
    assert.equal(gradientStep(start, { optimizer: sgd() }).averages.size, 0);
  });
  it("buildStep() refuses a share outside of 0 to 1", () => {
    for (const averageDecay of [1, -0.1, Number.NaN]) {
      assert.throws(() => gradientStep(start, { optimizer: sgd(), averageDecay }), { code: "E_SETTING" });
    }
  });
});
