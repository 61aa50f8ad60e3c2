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
import type { HeadMetadata, ModelMetadata } from "./metadata.ts";

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
 * `graph` has one image input [N,3,H,W] and one output, the logits. Where the metadata tell of heads, each is an output called as it is: probabilities or
 * numbers; `probabilities` are those of the first that has labels then, and absent where none has.
 */
export function inferenceModel(graph: Graph, options: InferenceModelOptions): Model {
  const { metadata, input = "pixels", operators = standardOperators } = options;
  const folded = foldBatchNorm(graph);
  const whole = input === "pixels" ? pixelInput(folded, metadata.preprocessing, operators) : folded;
  const roles = new Map([
    ["logits", graph.outputs[0]?.name ?? ""],
    ["features", options.features],
    ["probabilities", ""],
    ...(metadata.heads ?? []).map(({ name }) => [name, ""] as const),
  ]);
  const open = renameValues(whole, namesTaken(whole, roles));
  const b = new GraphBuilder(operators, open);
  const logits = open.outputs[0] as Value;
  const features = valueNamed(open, options.features);
  const named = (name: string, v: Value): Value =>
    v.name === name ? v : b.op("Identity", [v], {}, { outputs: [name] });
  const answers = metadata.heads
    ? headOutputs(b, logits, metadata.heads, metadata)
    : [named("probabilities", activated(b, logits, metadata))];
  const outputs = [named("logits", logits), ...answers, named("features", features)];
  return { graph: prune(b.build(outputs)), opsets: new Map([["", OPSET]]), metadata: writeMetadata(metadata) };
}

/** Probabilities of logits. */
function activated(
  b: GraphBuilder,
  logits: Value,
  { activation, temperature }: Pick<ModelMetadata, "activation" | "temperature">,
): Value {
  const scaled = temperature === 1 ? logits : b.op("Div", [logits, b.scalar(temperature)]);
  return activation === "softmax" ? b.op("Softmax", [scaled], { axis: 1 }) : b.op("Sigmoid", [scaled]);
}

/** What each head says, from its own columns of the logits. */
function headOutputs(
  b: GraphBuilder,
  logits: Value,
  heads: readonly HeadMetadata[],
  { temperature }: ModelMetadata,
): readonly Value[] {
  const sizes = b.ints(heads.map(({ names }) => names.length));
  const parts =
    heads.length === 1 ? [logits] : b.ops("Split", [logits, sizes], { axis: 1 }, { outputCount: heads.length });
  const output = (name: string, v: Value): Value => b.op("Identity", [v], {}, { outputs: [name] });
  const answers = heads.map(({ name, task }, i) => {
    const own = parts[i] ?? logits;
    if (task === "numbers") return output(name, own);
    return output(name, activated(b, own, { activation: task === "classes" ? "softmax" : "sigmoid", temperature }));
  });
  const main = answers[heads.findIndex(({ task }) => task !== "numbers")];
  return main ? [output("probabilities", main), ...answers] : answers;
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
