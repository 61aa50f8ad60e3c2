import assert from "node:assert/strict";
import { GraphBuilder } from "../../toolkit/graph/builder.ts";
import type { Graph, Value } from "../../toolkit/graph/ir.ts";
import { allocate, float32, scalar, sizeOf } from "../../toolkit/graph/tensor.ts";
import type { TensorData } from "../../toolkit/graph/tensor.ts";
import { operators } from "../../toolkit/operators/index.ts";
import { adam, adamw } from "../../toolkit/optimizers/adam.ts";
import { sgd } from "../../toolkit/optimizers/sgd.ts";
import type { Transform } from "../../toolkit/optimizers/transform.ts";
import { fixture, readJson } from "../support/fixtures.ts";
import { runGraph } from "../support/run-graph.ts";

interface Goldens {
  readonly start: readonly number[];
  readonly gradients: readonly (readonly number[])[];
  readonly cases: Readonly<
    Record<string, { readonly settings: { readonly lr: number }; readonly parameters: readonly (readonly number[])[] }>
  >;
}

const goldens = readJson<Goldens>(fixture("goldens/optimizers.json"));

/** One update as a graph: p, g, rate and the slots in; the new p and slots out. */
function updateGraph(optimizer: Transform, shape: readonly number[]): { graph: Graph; slots: readonly Value[] } {
  const b = new GraphBuilder(operators);
  const p = b.input("p", "float32", shape);
  const g = b.input("g", "float32", shape);
  const rate = b.input("rate", "float32", []);
  const slots = optimizer.state([p]).map((s) => b.input(s.name, s.dtype, s.shape));
  const { updates, state } = optimizer.apply({ b, params: [p], updates: [g], state: slots, rates: [rate] });
  const outputs = [b.op("Add", [p, updates[0]]), ...state].map((v, i) =>
    b.op("Identity", [v], {}, { outputs: [`next${i}`] }),
  );
  return { graph: b.build(outputs), slots };
}

async function follows(name: string, optimizer: Transform): Promise<void> {
  const golden = goldens.cases[name];
  assert.ok(golden, `the goldens hold no case "${name}"`);
  // weight decay leaves rank 1 out by default, so the parameter is given as a matrix
  const shape = [1, goldens.start.length];
  const { graph, slots } = updateGraph(optimizer, shape);
  let p = float32(shape, goldens.start);
  let state: TensorData[] = slots.map((s) => ({
    dtype: s.dtype,
    shape: s.shape as number[],
    data: allocate(s.dtype, sizeOf(s.shape as number[])),
  }));
  for (const [step, gradient] of goldens.gradients.entries()) {
    const feeds = new Map([
      ["p", p],
      ["g", float32(shape, gradient)],
      ["rate", scalar(golden.settings.lr)],
      ...slots.map((s, i) => [s.name, state[i] as TensorData] as const),
    ]);
    const out = await runGraph(graph, feeds);
    p = out.get("next0") as TensorData;
    state = slots.map((_, i) => out.get(`next${i + 1}`) as TensorData);
    for (const [i, expected] of (golden.parameters[step] ?? []).entries()) {
      const ours = Number(p.data[i]);
      assert.ok(
        Math.abs(ours - expected) <= 2e-6 * Math.max(1, Math.abs(expected)),
        `${name}, step ${step}, element ${i}: ${ours}, PyTorch ${expected}`,
      );
    }
  }
}

describe("optimizers", () => {
  it("sgd() equals torch.optim.SGD", () => follows("sgd", sgd()));
  it("sgd() with momentum equals PyTorch's", () => follows("sgd-momentum", sgd({ momentum: 0.9 })));
  it("sgd() with Nesterov momentum equals PyTorch's", () =>
    follows("sgd-nesterov", sgd({ momentum: 0.9, nesterov: true })));
  it("sgd() with L2 weight decay equals PyTorch's", () =>
    follows("sgd-weight-decay", sgd({ momentum: 0.9, decay: 0.05 })));
  it("adam() equals torch.optim.Adam", () => follows("adam", adam()));
  it("adam() with L2 weight decay, other betas and epsilon equals PyTorch's", () =>
    follows("adam-weight-decay", adam({ beta1: 0.8, beta2: 0.95, epsilon: 1e-6, decay: 0.05 })));
  it("adamw() equals torch.optim.AdamW", () => follows("adamw", adamw({ decay: 0.1 })));
  it("addWeightDecay() leaves parameters of rank 1 alone", async () => {
    const { graph } = updateGraph(sgd({ decay: 0.5 }), [2]);
    const out = await runGraph(
      graph,
      new Map([
        ["p", float32([2], [1, 2])],
        ["g", float32([2], [0, 0])],
        ["rate", scalar(1)],
      ]),
    );
    assert.deepEqual([...(out.get("next0")?.data ?? [])], [1, 2]);
  });
});
