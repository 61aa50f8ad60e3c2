import assert from "node:assert/strict";
import { fillNormal } from "../../toolkit/graph/random.ts";
import { float32, sizeOf } from "../../toolkit/graph/tensor.ts";
import type { TensorData } from "../../toolkit/graph/tensor.ts";
import { namedOptimizer, optimizerNames } from "../../toolkit/optimizers/named-optimizer.ts";
import { averageWeights } from "../../toolkit/optimizers/average-weights.ts";
import { accumulate } from "../../toolkit/optimizers/accumulate.ts";
import type { Tensors } from "../../toolkit/runtime/runtime.ts";
import { decodeCheckpoint, encodeCheckpoint } from "../../toolkit/train/checkpoint.ts";
import { optimizerCases } from "../goldens/optimizers.ts";
import { fixture } from "../support/fixtures.ts";
import { followOptimizer, gradientStep, loadStep, takeStep } from "../support/follow-optimizer.ts";

const shapes = new Map([
  ["w", [2, 3]],
  ["bias", [3]],
  ["filter", [2, 1, 3, 3]],
]);
const clipping = { clipNorm: 1, clipValue: 0.5, clipAdaptive: 0.1 };
const RATE = 0.01;

function random(seed: number): Tensors {
  return new Map(
    [...shapes].map(([name, shape], i) => [name, float32(shape, fillNormal(sizeOf(shape), seed, i))] as const),
  );
}

function zeros(): Tensors {
  return new Map([...shapes].map(([name, shape]) => [name, float32(shape, new Float32Array(sizeOf(shape)))] as const));
}

function numbersOf(t: TensorData | undefined): readonly number[] {
  assert.ok(t);
  return Array.from(t.data as Float32Array);
}

describe("optimizers against PyTorch", () => {
  for (const { name, run } of optimizerCases(fixture("goldens/optimizers.json"))) {
    it(`six steps of ${name}`, run);
  }
});

describe("optimizers", () => {
  for (const name of optimizerNames) {
    it(`${name} moves every parameter, each as if it were alone`, async () => {
      const gradients = [random(1), random(2), random(3)];
      const together = await followOptimizer(random(0), gradients, RATE, { optimizer: namedOptimizer(name) });
      for (const parameter of shapes.keys()) {
        const only = (all: Tensors): Tensors => new Map([...all].filter(([n]) => n === parameter));
        const alone = await followOptimizer(only(random(0)), gradients.map(only), RATE, {
          optimizer: namedOptimizer(name),
        });
        assert.deepEqual(together[2]?.get(parameter), alone[2]?.get(parameter), parameter);
        assert.notDeepEqual(numbersOf(together[2]?.get(parameter)), numbersOf(random(0).get(parameter)), parameter);
      }
    });

    it(`${name} leaves parameters where they are while gradients are zero`, async () => {
      const states = await followOptimizer(random(0), [zeros(), zeros(), zeros()], RATE, {
        optimizer: namedOptimizer(name, { decay: 0, ...clipping }),
      });
      for (const [parameter, start] of random(0)) {
        assert.deepEqual(numbersOf(states[2]?.get(parameter)), numbersOf(start), parameter);
      }
      for (const [slot, t] of states[2] ?? []) assert.ok(numbersOf(t).every(Number.isFinite), slot);
    });

    it(`${name} names its slots uniquely, and goes on bit for bit from a checkpoint`, async () => {
      const optimizer = accumulate(averageWeights(namedOptimizer(name, clipping), 0.9, { warmUp: true }), 2);
      const step = gradientStep(random(0), { optimizer });
      // a name that is used twice would be lost here
      const params = step.parameters.map((p) => ({ name: p, dtype: "float32", shape: shapes.get(p) ?? [] }) as const);
      assert.equal(step.state.size, shapes.size + optimizer.state(params).length);
      const session = await loadStep(step);
      let saved: Uint8Array | undefined;
      let straight: Tensors = new Map();
      for (let i = 1; i <= 6; i++) {
        straight = await takeStep(session, step, random(i), { rate: RATE });
        if (i === 3) saved = await encodeCheckpoint({ header: {}, tensors: straight });
      }
      await session.release();
      const resumed = await loadStep(step);
      await resumed.set((await decodeCheckpoint(saved ?? new Uint8Array())).tensors);
      let state: Tensors = new Map();
      for (let i = 4; i <= 6; i++) state = await takeStep(resumed, step, random(i), { rate: RATE });
      await resumed.release();
      assert.deepEqual(state, straight);
    });
  }
});
