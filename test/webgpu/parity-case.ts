import assert from "node:assert/strict";
import { operatorKey } from "../../toolkit/graph/ir.ts";
import type { Dim, Graph, Node } from "../../toolkit/graph/ir.ts";
import { tensor } from "../../toolkit/graph/tensor.ts";
import type { TensorData } from "../../toolkit/graph/tensor.ts";
import { lower } from "../../toolkit/lowering/lower.ts";
import type { Target } from "../../toolkit/lowering/target.ts";
import { operators } from "../../toolkit/operators/index.ts";
import type { Provider, Tensors } from "../../toolkit/runtime/runtime.ts";
import { backwardGraph, draw, extents, forwardGraph, namesWithGradient } from "../support/gradcheck.ts";
import type { GradcheckOptions, Operand, RecordedCheck } from "../support/gradcheck.ts";
import { runGraph } from "../support/run-graph.ts";

/** A graph around one operator, loss or optimizer, forward and backward, and what it is fed: extents are bound, as they are in training. */
export interface ParityCase {
  readonly subject: string;
  readonly graph: Graph;
  /** The outputs that are no gradients. */
  readonly forward: ReadonlySet<string>;
  readonly feeds: Tensors;
  readonly dims: ReadonlyMap<string, number>;
  /** What is done with the lowered graph. */
  readonly finish?: (lowered: Graph) => Graph;
}

/** The case as a provider is to run it, its nodes named by what they belong to: "forward 3", "gradient 0". */
export function loweredFor({ graph, forward, dims, finish = same }: ParityCase, provider: Provider): Graph {
  const lowered = finish(lower(graph, { provider, dims }));
  const needed = new Set(forward);
  const isForward = lowered.nodes.toReversed().map((node) => {
    const makes = node.outputs.some((v) => needed.has(v.name));
    if (makes) for (const v of node.inputs) if (v) needed.add(v.name);
    return makes;
  });
  isForward.reverse();
  return {
    ...lowered,
    nodes: lowered.nodes.map((node, i) => named(node, `${isForward[i] ? "forward" : "gradient"} ${i}`)),
  };
}

function named(node: Node, name: string): Node {
  return { ...node, name };
}

function same(graph: Graph): Graph {
  return graph;
}

/** The cases of a check by finite differences, in float32: one for each output that carries a gradient. */
export async function gradientCases({ type, operands, attrs, options }: RecordedCheck): Promise<readonly ParityCase[]> {
  const asked: GradcheckOptions & { readonly dtype: "float32" } = { ...options, dtype: "float32" };
  const single = operands.map(inSingle);
  const forward = forwardGraph(type, single, attrs, asked, operators);
  const dims = new Map(Object.entries(options.dims ?? {}));
  const feeds = new Map(forward.inputs.map((v, i) => [v.name, draw(extents(v.shape, asked), asked, i)]));
  const target: Target = { provider: "cpu", dims };
  const at = await runGraph(lower(forward, target), feeds);
  const outputs = options.outputs ?? forward.outputs.map((_, i) => i);
  return outputs.map((output): ParityCase => {
    const y = forward.outputs[output];
    assert(y, `${type} has no output ${output}`);
    const names = namesWithGradient(type, forward, y, options.withoutGradient ?? [], operators);
    const back = backwardGraph(forward, y, names, operators);
    const shape = at.get(y.name)?.shape ?? [];
    const allDims = new Map([...dims, ...bound(y.shape, shape)]);
    const seed = draw(shape, { ...asked, draw: "any", dtype: y.dtype === "float64" ? "float64" : "float32" }, 100);
    return {
      subject: subjectOf({ type, options }),
      graph: { ...back, outputs: [y, ...back.outputs] },
      forward: new Set([y.name]),
      feeds: new Map([...feeds, ["seed", seed]]),
      dims: allDims,
    };
  });
}

/** The operator that a check is of, by its key in the table. */
export function subjectOf({ type, options: { domain } }: Pick<RecordedCheck, "type" | "options">): string {
  return operatorKey({ op: type, ...(domain === undefined ? {} : { domain }) });
}

/** What the names in a shape stand for. */
function bound(shape: readonly Dim[], extents_: readonly number[]): readonly (readonly [string, number])[] {
  return shape.flatMap((dim, i) => (typeof dim === "string" ? [[dim, extents_[i] ?? 1] as const] : []));
}

function inSingle(operand: Operand): Operand {
  if (operand === undefined || !("dtype" in operand) || operand.dtype !== "float64") return operand;
  return tensor("float32", operand.shape, Float32Array.from(operand.data as Float64Array));
}

/** How far two runs of a case are apart: the largest difference over the largest number of the output, the largest of all outputs. */
export function distance(expected: Tensors, actual: Tensors): number {
  return Math.max(...[...expected].map(([name, t]) => tensorDistance(t, actual.get(name))));
}

function tensorDistance(expected: TensorData, actual: TensorData | undefined): number {
  if (!actual || actual.shape.join() !== expected.shape.join() || actual.dtype !== expected.dtype) return Infinity;
  const [a, b] = [Array.from(actual.data, Number), Array.from(expected.data, Number)];
  let [apart, largest] = [0, 0];
  for (const [i, v] of b.entries()) {
    const other = a[i] ?? Number.NaN;
    if (Object.is(v, other) || v === other) continue;
    if (!Number.isFinite(v) || !Number.isFinite(other)) return Infinity;
    apart = Math.max(apart, Math.abs(v - other));
  }
  for (const v of b) if (Number.isFinite(v)) largest = Math.max(largest, Math.abs(v));
  return apart === 0 ? 0 : apart / Math.max(largest, 1e-3);
}
