import assert from "node:assert/strict";
import { lower } from "../../toolkit/lowering/lower.ts";
import { softmaxCrossEntropy } from "../../toolkit/losses/softmax-cross-entropy.ts";
import { encodeModel } from "../../toolkit/onnx/encode.ts";
import { operators } from "../../toolkit/operators/index.ts";
import { namedOptimizer } from "../../toolkit/optimizers/named-optimizer.ts";
import type { Session, Tensors } from "../../toolkit/runtime/runtime.ts";
import { buildStep } from "../../toolkit/train/step.ts";
import type { Step, StepSettings } from "../../toolkit/train/step.ts";
import { directRuntime } from "../support/run-graph.ts";
import { batchOf, runBatches, smallClassifier, WEIGHTS } from "../support/small-classifier.ts";

const RATE = 0.05;

function stepOf(settings: Partial<StepSettings> & Pick<StepSettings, "optimizer">): Step {
  return buildStep(
    smallClassifier(),
    { parameters: WEIGHTS, logits: "logits", loss: softmaxCrossEntropy(), ...settings },
    operators,
  );
}

async function load(step: Step): Promise<Session> {
  const graph = lower(step.graph, { provider: "cpu", dims: new Map() });
  const model = encodeModel({ graph, opsets: new Map([["", 17]]), metadata: new Map() });
  const session = await directRuntime.load(model, { state: step.state });
  await session.set(step.initial);
  return session;
}

async function after(step: Step, batches: readonly Tensors[]): Promise<Tensors> {
  const session = await load(step);
  await runBatches(session, batches, RATE);
  const state = await session.get([...step.state.keys()]);
  await session.release();
  return state;
}

/** Norm of the difference over norm of the second, over all weights. */
function distance(a: Tensors, b: Tensors): number {
  let difference = 0;
  let size = 0;
  for (const name of WEIGHTS) {
    for (const [i, v] of b.get(name)?.data.entries() ?? assert.fail()) {
      difference += (Number(a.get(name)?.data[i]) - Number(v)) ** 2;
      size += Number(v) ** 2;
    }
  }
  return Math.sqrt(difference / size);
}

describe("optimizers/accumulate", () => {
  for (const name of ["nesterov", "adamw", "rmsprop", "adagrad"]) {
    it(`three batches of 4 are one of 12 to ${name}`, async () => {
      const optimizer = namedOptimizer(name, { clipNorm: 0.5, decay: 0.1 });
      const small = Array.from({ length: 9 }, (_, i) => batchOf(4 * i, 4 * i + 4));
      const large = [batchOf(0, 12), batchOf(12, 24), batchOf(24, 36)];
      const ours = await after(stepOf({ optimizer, accumulate: 3 }), small);
      const expected = await after(stepOf({ optimizer }), large);
      assert.ok(distance(ours, expected) <= 1e-6, `${distance(ours, expected)}`);
      assert.ok(distance(expected, stepOf({ optimizer }).initial) > 1e-2);
    });
  }

  it("a partial batch counts by its samples, not as a whole batch", async () => {
    const optimizer = namedOptimizer("sgd", { momentum: 0.9 });
    const ours = await after(stepOf({ optimizer, accumulate: 2 }), [batchOf(0, 8), batchOf(8, 9, 8)]);
    const expected = await after(stepOf({ optimizer }), [batchOf(0, 9)]);
    assert.ok(distance(ours, expected) <= 1e-6, `${distance(ours, expected)}`);
  });

  it("nothing but what is accumulated changes until the update", async () => {
    const step = stepOf({ optimizer: namedOptimizer("adamw"), accumulate: 3, averageDecay: 0.5 });
    const session = await load(step);
    const read = async (): Promise<Tensors> => session.get([...step.state.keys()]);
    const kept = [...step.state.keys()].filter((name) => !name.startsWith("step/accumulate/"));
    assert.equal(kept.length, 4 * WEIGHTS.length + 1);
    for (const [first, next] of [
      [0, 8],
      [8, 16],
    ] as const) {
      const before = await read();
      await runBatches(session, [batchOf(first, next), batchOf(next, next + 4)], RATE);
      const waiting = await read();
      for (const name of kept) assert.deepEqual(waiting.get(name)?.data, before.get(name)?.data, name);
      await runBatches(session, [batchOf(next + 4, next + 8)], RATE);
      const updated = await read();
      for (const name of kept) assert.notDeepEqual(updated.get(name)?.data, before.get(name)?.data, name);
      for (const [name, t] of updated) {
        if (name.startsWith("step/accumulate/"))
          assert.ok(
            t.data.every((v) => Number(v) === 0),
            name,
          );
      }
    }
    await session.release();
  });

  it("accumulate 1 is the optimizer itself", () => {
    const optimizer = namedOptimizer("adam");
    assert.deepEqual([...stepOf({ optimizer, accumulate: 1 }).state.keys()], [...stepOf({ optimizer }).state.keys()]);
  });

  it("buildStep() refuses to accumulate over anything but a whole number of steps", () => {
    for (const every of [0, 1.5, -2, Number.NaN]) {
      assert.throws(() => stepOf({ optimizer: namedOptimizer("sgd"), accumulate: every }), { code: "E_SETTING" });
    }
  });
});
