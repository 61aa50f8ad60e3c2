import assert from "node:assert/strict";
import { float32 } from "../../toolkit/graph/tensor.ts";
import type { Transform } from "../../toolkit/optimizers/transform.ts";
import { adamw } from "../../toolkit/optimizers/adam.ts";
import { lion } from "../../toolkit/optimizers/lion.ts";
import { sgd } from "../../toolkit/optimizers/sgd.ts";
import type { Tensors } from "../../toolkit/runtime/runtime.ts";
import { followOptimizer } from "../support/follow-optimizer.ts";

const start: Tensors = new Map([
  ["w", float32([1, 2], [1, -2])],
  ["head", float32([2, 1], [4, 8])],
  ["bias", float32([2], [3, 5])],
]);
const still: Tensors = new Map([...start].map(([name, t]) => [name, float32(t.shape, [0, 0])] as const));

/** What is left of each parameter after a step of rate 0.5 without a gradient. */
async function left(optimizer: Transform): Promise<Record<string, number[]>> {
  const [state] = await followOptimizer(start, [still], 0.5, { optimizer });
  return Object.fromEntries(
    [...start.keys()].map((name) => [name, Array.from(state?.get(name)?.data as Float32Array)]),
  );
}

describe("optimizers/weight-decay", () => {
  it("addWeightDecay() leaves parameters of rank 1 alone", async () => {
    assert.deepEqual(await left(sgd({ decay: 0.5 })), { w: [0.75, -1.5], head: [3, 6], bias: [3, 5] });
  });
  it("addWeightDecay() leaves alone the scale of a norm that is written with more axes", async () => {
    const scale = [1, 2];
    for (const [shape, expected] of [
      [[2, 1, 1], scale],
      [[1, 2, 1, 1], scale],
      [[1, 1, 2], scale],
      [
        [1, 2],
        [0.75, 1.5],
      ],
      [
        [2, 1],
        [0.75, 1.5],
      ],
      [[1, 1, 1, 2], scale],
    ] as const) {
      const [state] = await followOptimizer(
        new Map([["p", float32(shape, scale)]]),
        [new Map([["p", float32(shape, [0, 0])]])],
        0.5,
        { optimizer: sgd({ decay: 0.5 }) },
      );
      assert.deepEqual(Array.from(state?.get("p")?.data as Float32Array), expected, shape.join());
    }
  });
  it("addWeightDecay() takes them too with decayAll", async () => {
    assert.deepEqual(await left(sgd({ decay: 0.5, decayAll: true })), {
      w: [0.75, -1.5],
      head: [3, 6],
      bias: [2.25, 3.75],
    });
  });
  it("addWeightDecay() leaves out what decayExclude names", async () => {
    assert.deepEqual(await left(sgd({ decay: 0.5, decayExclude: ["head"] })), {
      w: [0.75, -1.5],
      head: [4, 8],
      bias: [3, 5],
    });
  });
  it("decoupled decay does not pass through the optimizer's scaling", async () => {
    const expected = { w: [0.75, -1.5], head: [3, 6], bias: [3, 5] };
    assert.deepEqual(await left(adamw({ decay: 0.5 })), expected);
    assert.deepEqual(await left(lion({ decay: 0.5 })), expected);
    assert.deepEqual(await left(sgd({ decay: 0.5, momentum: 0.9, decoupled: true })), expected);
  });
  it("adamw() decays by 0.01 where nothing else is said", async () => {
    assert.deepEqual((await left(adamw()))["w"], Array.from(Float32Array.of(0.995, -1.99)));
  });
});
