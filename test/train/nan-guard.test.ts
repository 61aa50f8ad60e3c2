import assert from "node:assert/strict";
import { checkGraph } from "../../toolkit/graph/check.ts";
import { scalar } from "../../toolkit/graph/tensor.ts";
import type { TensorData } from "../../toolkit/graph/tensor.ts";
import { lower } from "../../toolkit/lowering/lower.ts";
import { softmaxCrossEntropy } from "../../toolkit/losses/softmax-cross-entropy.ts";
import { operators } from "../../toolkit/operators/index.ts";
import { namedOptimizer } from "../../toolkit/optimizers/named-optimizer.ts";
import type { Tensors } from "../../toolkit/runtime/runtime.ts";
import { FINITE, guardStep } from "../../toolkit/train/nan-guard.ts";
import { buildStep, STEP } from "../../toolkit/train/step.ts";
import { runGraph } from "../support/run-graph.ts";
import { batchOf, smallClassifier, WEIGHTS } from "../support/small-classifier.ts";

const step = buildStep(
  smallClassifier(),
  {
    parameters: WEIGHTS,
    logits: "logits",
    loss: softmaxCrossEntropy(),
    optimizer: namedOptimizer("sgd", { momentum: 0.9 }),
    averageDecay: 0.9,
  },
  operators,
);
const guarded = guardStep(step, operators);

/** What a step makes of the state, by its names, and what it tells. */
async function made(of: typeof step, changed: Tensors = new Map(), rate = 0.1): Promise<Tensors> {
  const feeds = new Map([...of.initial, ...batchOf(0, 5), [STEP.rate, scalar(rate)] as const, ...changed]);
  const graph = lower(checkGraph(of.graph), { provider: "cpu", dims: new Map() });
  const out = await runGraph(graph, feeds);
  const told = [STEP.loss, FINITE].flatMap((name) => (out.has(name) ? [[name, out.get(name)] as const] : []));
  return new Map([...[...of.state].map(([name, next]) => [name, out.get(next)] as const), ...told]) as Tensors;
}

function filled(name: string, value: number): Tensors {
  const t = batchOf(0, 5).get(name) as TensorData;
  return new Map([[name, { ...t, data: Float32Array.from(t.data as Float32Array, (v, i) => (i === 3 ? value : v)) }]]);
}

describe("train/nan-guard", () => {
  it("guardStep() changes no bit of a step that is finite, and says 1", async () => {
    const [plain, kept] = [await made(step), await made(guarded)];
    assert.equal(kept.get(FINITE)?.data[0], 1);
    for (const [name, t] of plain) assert.deepEqual(kept.get(name), t, name);
    assert.notDeepEqual(kept.get("w1")?.data, step.initial.get("w1")?.data);
  });

  for (const [what, changed, rate] of [
    ["a loss that is no number", filled("x", Number.NaN), 0.1],
    ["a loss that is infinite", filled("x", Infinity), 0.1],
    ["an update that is infinite, at a loss that is finite", new Map(), Infinity],
  ] as const) {
    it(`guardStep() leaves weights, slots and averages as they were at ${what}, and says 0`, async () => {
      const kept = await made(guarded, changed, rate);
      assert.equal(kept.get(FINITE)?.data[0], 0);
      for (const name of guarded.state.keys())
        assert.deepEqual(kept.get(name)?.data, guarded.initial.get(name)?.data, name);
    });
  }

  it("a step that is not guarded would be spoilt by the same", async () => {
    const spoilt = await made(step, filled("x", Number.NaN));
    assert.ok(Number.isNaN(spoilt.get("w1")?.data[0]));
  });
});
