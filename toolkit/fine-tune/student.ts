import { ToolkitError } from "../errors.ts";
import { trunk } from "../export/source-model.ts";
import type { SourceModel } from "../export/source-model.ts";
import type { Graph } from "../graph/ir.ts";
import type { Operators } from "../graph/operator.ts";
import type { TensorData } from "../graph/tensor.ts";
import type { Tensors } from "../runtime/runtime.ts";
import { operators as standardOperators } from "../operators/index.ts";
import { findHead } from "../passes/find-head.ts";
import type { Head } from "../passes/find-head.ts";
import { prune } from "../passes/prune.ts";
import { HEAD_BIAS, HEAD_WEIGHT, replaceHead } from "../passes/replace-head.ts";
import type { Settings } from "./settings.ts";

/** A network with one image input and the logits as its one output. */
export interface Student {
  readonly graph: Graph;
  readonly input: string;
  readonly features: string;
  /** Extent F of the features [N,F]. */
  readonly width: number;
  readonly logits: string;
  /** The table that the graph's operators stand in. */
  readonly operators: Operators;
}

/**
 * The source with a new head for `classes`. Rows of labels that its own head already knew under the same name are carried over from our own exports,
 * so that training goes on where it stopped and classes can be added; where either has several heads, or one of numbers, it starts anew.
 * @throws E_NO_HEAD, E_GRAPH
 */
export function graft(source: SourceModel, classes: readonly string[], settings: Settings): Student {
  const { graph, metadata } = trunk(source);
  const options = {
    ...(settings.head === undefined ? {} : { head: settings.head }),
    ...(settings.features === undefined ? {} : { feature: settings.features }),
  };
  const head = findHead(graph, options);
  const grafted = prune(
    replaceHead(graph, {
      ...options,
      classes: classes.length,
      seed: settings.seed,
      ...(settings.hidden > 0 ? { hidden: settings.hidden } : {}),
      ...(settings.dropout > 0 ? { dropout: settings.dropout } : {}),
    }),
  );
  const carried =
    metadata && !metadata.heads && !settings.heads && settings.hidden === 0
      ? carryOver(grafted, graph, head, metadata.labels, classes)
      : grafted;
  return studentOf(carried, head.feature.name, source.operators ?? standardOperators);
}

/** The student with some of its constants replaced. */
export function withWeights(student: Student, weights: Tensors): Student {
  const constants = new Map(student.graph.constants);
  for (const [name, t] of weights) if (constants.has(name)) constants.set(name, t);
  return { ...student, graph: { ...student.graph, constants } };
}

/** Names the parts of a graph with one image input and one output. */
function studentOf(graph: Graph, features: string, operators: Operators): Student {
  const [input, ...others] = graph.inputs;
  const [logits] = graph.outputs;
  if (!input || !logits || others.length > 0 || input.shape.length !== 4) {
    throw new ToolkitError(
      "E_GRAPH",
      `Cannot train the model: expected one image input [N,3,H,W], found ${describeInputs(graph)}`,
    );
  }
  const value = graph.nodes.flatMap((n) => n.outputs).find((v) => v.name === features);
  const width = value?.shape[1];
  if (typeof width !== "number")
    throw new ToolkitError("E_NO_FEATURE", `Cannot use "${features}" as features: expected a value [N,F]`);
  return { graph, input: input.name, features, width, logits: logits.name, operators };
}

function describeInputs(graph: Graph): string {
  return graph.inputs.map((v) => `${v.name} [${v.shape.join(",")}]`).join(" and ") || "none";
}

function carryOver(
  grafted: Graph,
  before: Graph,
  head: Head,
  known: readonly string[],
  classes: readonly string[],
): Graph {
  const oldWeight = head.weight === undefined ? undefined : before.constants.get(head.weight);
  const oldBias = head.bias === undefined ? undefined : before.constants.get(head.bias);
  const weight = grafted.constants.get(HEAD_WEIGHT);
  const bias = grafted.constants.get(HEAD_BIAS);
  if (!oldWeight || !oldBias || !weight || !bias || oldWeight.shape[1] !== weight.shape[1]) return grafted;
  const width = weight.shape[1] ?? 0;
  const rows = classes.map((name) => known.indexOf(name));
  const constants = new Map(grafted.constants);
  constants.set(HEAD_WEIGHT, copyRows(weight, oldWeight, rows, width));
  constants.set(HEAD_BIAS, copyRows(bias, oldBias, rows, 1));
  return { ...grafted, constants };
}

function copyRows(into: TensorData, from: TensorData, rows: readonly number[], width: number): TensorData {
  const data = (into.data as Float32Array).slice();
  const source = from.data as Float32Array;
  for (const [to, row] of rows.entries()) {
    if (row >= 0) data.set(source.subarray(row * width, (row + 1) * width), to * width);
  }
  return { ...into, data };
}
