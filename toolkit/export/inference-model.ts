import { GraphBuilder } from "../graph/builder.ts";
import type { Graph, Model, Value } from "../graph/ir.ts";
import { valueNamed } from "../graph/ir.ts";
import { renameValues } from "../graph/rename-values.ts";
import type { Operators } from "../graph/operator.ts";
import { foldBatchNorm } from "../passes/fold-batch-norm.ts";
import { OPSET } from "../passes/normalise.ts";
import { pixelInput } from "../passes/pixel-input.ts";
import { prune } from "../passes/prune.ts";
import { operators as standardOperators } from "../operators/index.ts";
import { writeMetadata } from "./metadata.ts";
import type { ModelMetadata } from "./metadata.ts";

export interface InferenceModelOptions {
  readonly metadata: ModelMetadata;
  /** Value that holds the features, [N,F]. */
  readonly features: string;
  /** "pixels": input `image` uint8 [N,H,W,3] with the preprocessing inside; "float": the network's own input. */
  readonly input?: "pixels" | "float";
  readonly operators?: Operators;
}

/**
 * The file that is served: preprocessing, backbone with folded BatchNorm, head, and the outputs `logits`, `probabilities`, `features`.
 * `graph` has one image input [N,3,H,W] and one output, the logits.
 */
export function inferenceModel(graph: Graph, options: InferenceModelOptions): Model {
  const { metadata, input = "pixels", operators = standardOperators } = options;
  const folded = foldBatchNorm(graph);
  const whole = input === "pixels" ? pixelInput(folded, metadata.preprocessing, operators) : folded;
  const roles = new Map([
    ["logits", graph.outputs[0]?.name ?? ""],
    ["features", options.features],
    ["probabilities", ""],
  ]);
  const open = renameValues(whole, namesTaken(whole, roles));
  const b = new GraphBuilder(operators, open);
  const logits = open.outputs[0] as Value;
  const features = valueNamed(open, options.features);
  const scaled = metadata.temperature === 1 ? logits : b.op("Div", [logits, b.scalar(metadata.temperature)]);
  const activated =
    metadata.activation === "softmax" ? b.op("Softmax", [scaled], { axis: 1 }) : b.op("Sigmoid", [scaled]);
  const named = (name: string, v: Value): Value =>
    v.name === name ? v : b.op("Identity", [v], {}, { outputs: [name] });
  const outputs = [named("logits", logits), named("probabilities", activated), named("features", features)];
  return { graph: prune(b.build(outputs)), opsets: new Map([["", OPSET]]), metadata: writeMetadata(metadata) };
}

/** Other names for values that are called like an output and are not it: `roles` says which value each output is. */
function namesTaken(graph: Graph, roles: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const all = new Set([
    ...graph.inputs.map((v) => v.name),
    ...graph.constants.keys(),
    ...graph.nodes.flatMap((node) => node.outputs.map((v) => v.name)),
  ]);
  const names = new Map<string, string>();
  for (const [output, value] of roles) {
    if (!all.has(output) || value === output) continue;
    let name = `${output}.inner`;
    while (all.has(name)) name += "_";
    names.set(output, name);
  }
  return names;
}
