import { differentiate } from "../../autodiff/differentiate.ts";
import { GraphBuilder } from "../../graph/builder.ts";
import { consumers } from "../../graph/ir.ts";
import type { Graph } from "../../graph/ir.ts";
import type { Operators } from "../../graph/operator.ts";
import { lower } from "../../lowering/lower.ts";
import { softmaxCrossEntropy } from "../../losses/softmax-cross-entropy.ts";
import { globalNorm } from "../../optimizers/global-norm.ts";
import { providerOf } from "../../runtime/runtime.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import type { TrainBatch } from "../../train/batch.ts";
import { boundDims, withLoss } from "../../train/gradient-check.ts";
import { lossFeeds } from "../../train/loss-feeds.ts";
import { checked } from "../diagnosis.ts";
import type { ModelCheck } from "../diagnosis.ts";
import { encodeGraph } from "../../train/encode-graph.ts";

/** How much a parameter's gradient is, beside the parameter. */
export interface GradientNorm {
  readonly parameter: string;
  /** The first node that reads it. */
  readonly layer: string;
  /** Euclidean norm of the gradient of the mean softmax cross-entropy. */
  readonly norm: number;
  readonly weightNorm: number;
}

export interface GradientNormOptions {
  readonly runtime: Runtime;
  readonly batch: Pick<TrainBatch, "inputs" | "labels" | "weight">;
  readonly parameters: readonly string[];
  readonly operators: Operators;
  readonly threads?: number;
}

/**
 * The norms of the gradients on one batch, from the stem to the head. `graph` has the logits [N,K] as its first output.
 * @throws E_NO_GRADIENT
 */
export async function gradientNorms(
  graph: Graph,
  { runtime, batch, parameters, operators, threads }: GradientNormOptions,
): Promise<readonly GradientNorm[]> {
  const { open, values, output, classes } = withLoss(graph, parameters, softmaxCrossEntropy(), operators);
  const back = differentiate(open, output, parameters, operators);
  const b = new GraphBuilder(operators, back.graph);
  const outputs = parameters.map((name) => {
    const gradient = back.gradients.get(name);
    return b.op("Identity", [gradient && globalNorm(b, [gradient])], {}, { outputs: [normOf(name)] });
  });
  const lowered = lower(b.build(outputs), { provider: providerOf(runtime), dims: boundDims(graph, batch) }, operators);
  const session = await runtime.load(encodeGraph(lowered), threads === undefined ? {} : { threads });
  try {
    const feeds = new Map([...values, ...lossFeeds(batch, classes), ...batch.inputs]);
    const out = await session.run({ feeds, fetch: parameters.map(normOf) });
    const readers = consumers(graph);
    return parameters.map((parameter) => {
      const [node] = readers.get(parameter) ?? [];
      return {
        parameter,
        layer: node?.name ?? node?.outputs[0]?.name ?? "",
        norm: Number(out.get(normOf(parameter))?.data[0]),
        weightNorm: lengthOf(values.get(parameter)?.data as Float32Array),
      };
    });
  } finally {
    await session.release();
  }
}

/** A gradient so many times a parameter's own norm makes every usual rate too high. */
const EXPLODING = 1e3;
/** Parameters that are named in one line. */
const NAMED = 3;

/** Whether every layer hears of the loss, and none so loudly that a step overshoots. */
export function judgeGradientNorms(found: readonly GradientNorm[]): ModelCheck {
  const norms = found.map(({ norm }) => norm);
  const facts = { gradients: found };
  const [least, largest] = [at(found, Math.min(...norms)), at(found, Math.max(...norms))];
  const detail = `norms of ${found.length} gradients from ${textOf(least)} to ${textOf(largest)}`;
  const broken = found.filter(({ norm }) => !Number.isFinite(norm));
  if (broken.length > 0) {
    const hint = "a weight or a value is no number, or overflows: see that --mean and --std are the model's own";
    return checked("gradient norms", "failed", `no number: ${named(broken)}`, { hint, ...facts });
  }
  const silent = found.filter(({ norm }) => norm === 0);
  if (silent.length === found.length) {
    const hint = "nothing is learnt: weights or activations may be dead (all zero)";
    return checked("gradient norms", "failed", "every gradient is zero", { hint, ...facts });
  }
  if (silent.length > 0) {
    const hint =
      "these layers learn nothing from such photos: their own weights, or what stands behind them, may be dead (all zero)";
    return checked("gradient norms", "warning", `${detail}; zero at ${named(silent)}`, { hint, ...facts });
  }
  const loud = found.filter(({ norm, weightNorm }) => weightNorm > 0 && norm > EXPLODING * Math.max(1, weightNorm));
  if (loud.length === 0) return checked("gradient norms", "ok", detail, facts);
  const hint =
    "they explode: train with --clip-norm 1 and a lower --rate, or see that --mean and --std are the model's own";
  return checked("gradient norms", "warning", `${detail}; far above the weights at ${named(loud)}`, { hint, ...facts });
}

function normOf(parameter: string): string {
  return `${parameter}:gradient-norm`;
}

function at(found: readonly GradientNorm[], norm: number): GradientNorm | undefined {
  return found.find((one) => one.norm === norm);
}

function textOf(found: GradientNorm | undefined): string {
  return found ? `${found.norm.toPrecision(2)} ("${found.parameter}")` : "-";
}

function named(found: readonly GradientNorm[]): string {
  const names = found.slice(0, NAMED).map(({ parameter }) => `"${parameter}"`);
  return found.length > NAMED ? `${names.join(", ")} and ${found.length - NAMED} more` : names.join(", ");
}

/** Euclidean length. */
function lengthOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += (values[i] ?? 0) ** 2;
  return Math.sqrt(sum);
}
