import assert from "node:assert/strict";
import { differentiate } from "../../toolkit/autodiff/differentiate.ts";
import { GraphBuilder } from "../../toolkit/graph/builder.ts";
import { checkGraph } from "../../toolkit/graph/check.ts";
import type { Graph } from "../../toolkit/graph/ir.ts";
import { toNumbers } from "../../toolkit/graph/tensor.ts";
import type { TensorData } from "../../toolkit/graph/tensor.ts";
import type { Loss } from "../../toolkit/losses/loss.ts";
import { lower } from "../../toolkit/lowering/lower.ts";
import { operators } from "../../toolkit/operators/index.ts";
import { loadGraph } from "./run-graph.ts";

export interface LossFeeds {
  readonly logits: TensorData;
  readonly target?: TensorData;
  readonly weight: TensorData;
  readonly divisor: TensorData;
  readonly extras?: ReadonlyMap<string, TensorData>;
  /** Which of `logits` and the extras get a gradient; the logits where absent. */
  readonly wrt?: readonly string[];
  /** Names the count of rows, so that the graph is written for any. */
  readonly symbolic?: boolean;
}

export interface LossResult {
  readonly loss: number;
  readonly gradients: ReadonlyMap<string, TensorData>;
}

export interface LoadedLoss {
  (feeds: LossFeeds): Promise<LossResult>;
  release: () => Promise<void>;
}

/** A loss and its gradients as one graph: outputs "loss" and `gradient:NAME` of each of `wrt`. */
export function lossGraph(loss: Loss, form: LossFeeds): Graph {
  const b = new GraphBuilder(operators);
  const declare = (name: string, { dtype, shape }: TensorData) =>
    b.input(name, dtype, form.symbolic ? ["N", ...shape.slice(1)] : shape);
  const extras = [...(form.extras ?? [])].map(([name, t]) => [name, declare(name, t)] as const);
  const value = loss.emit({
    b,
    logits: declare("logits", form.logits),
    target: form.target ? declare("target", form.target) : b.scalar(0),
    weight: declare("weight", form.weight),
    divisor: b.input("divisor", "float32", []),
    extras: new Map(extras),
  });
  assert.deepEqual([...value.shape], [], `${loss.name} is a scalar`);
  const wrt = form.wrt ?? ["logits"];
  const { graph, gradients } = differentiate(b.build([value]), value, wrt, operators);
  const g = new GraphBuilder(operators, graph);
  const outputs = [g.op("Identity", [value], {}, { outputs: ["loss"] })];
  for (const name of wrt) outputs.push(g.op("Identity", [gradients.get(name)], {}, { outputs: [`gradient:${name}`] }));
  return g.build(outputs);
}

/** What a graph of `lossGraph` is fed. */
export function lossTensors(feeds: LossFeeds): ReadonlyMap<string, TensorData> {
  return new Map([
    ["logits", feeds.logits],
    ...(feeds.target ? [["target", feeds.target] as const] : []),
    ["weight", feeds.weight],
    ["divisor", feeds.divisor],
    ...(feeds.extras ?? []),
  ]);
}

/** A loss and its gradients as one lowered graph, to be run on feeds of one form. */
export async function loadLoss(loss: Loss, form: LossFeeds): Promise<LoadedLoss> {
  const wrt = form.wrt ?? ["logits"];
  const lowered = lower(lossGraph(loss, form), { provider: "cpu", dims: new Map() });
  const run = await loadGraph(checkGraph(lowered));
  const call = async (feeds: LossFeeds): Promise<LossResult> => {
    const out = await run(lossTensors(feeds));
    const of = (name: string): TensorData => {
      const t = out.get(name);
      assert(t, `${loss.name} has no ${name}`);
      return t;
    };
    return {
      loss: toNumbers(of("loss"))[0] ?? Number.NaN,
      gradients: new Map(wrt.map((name) => [name, of(`gradient:${name}`)])),
    };
  };
  return Object.assign(call, { release: () => run.release() });
}

/** A loss and its gradients, run once. */
export async function lossAndGradients(loss: Loss, feeds: LossFeeds): Promise<LossResult> {
  const run = await loadLoss(loss, feeds);
  try {
    return await run(feeds);
  } finally {
    await run.release();
  }
}
