import { ToolkitError } from "../errors.ts";
import { GraphBuilder } from "../graph/builder.ts";
import type { Graph, Model, Value } from "../graph/ir.ts";
import { valueNamed } from "../graph/ir.ts";
import type { Operators } from "../graph/operator.ts";
import { foldBatchNorm } from "../passes/fold-batch-norm.ts";
import { OPSET } from "../passes/normalise.ts";
import { prune } from "../passes/prune.ts";
import { operators as standardOperators } from "../operators/index.ts";
import { float32 } from "../graph/tensor.ts";
import { writeMetadata } from "./metadata.ts";
import type { ModelMetadata, Preprocessing } from "./metadata.ts";

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
  const open = input === "pixels" ? prependPixels(folded, metadata.preprocessing, operators) : folded;
  const b = new GraphBuilder(operators, open);
  const logits = graph.outputs[0] as Value;
  const features = valueNamed(open, options.features);
  const scaled = metadata.temperature === 1 ? logits : b.op("Div", [logits, b.scalar(metadata.temperature)]);
  const activated =
    metadata.activation === "softmax" ? b.op("Softmax", [scaled], { axis: 1 }) : b.op("Sigmoid", [scaled]);
  const named = (name: string, v: Value): Value =>
    v.name === name ? v : b.op("Identity", [v], {}, { outputs: [name] });
  const outputs = [named("logits", logits), named("probabilities", activated), named("features", features)];
  return { graph: prune(b.build(outputs)), opsets: new Map([["", OPSET]]), metadata: writeMetadata(metadata) };
}

/** The graph with `image` uint8 [N,H,W,3] as its input; what was its input is now made from it, under the same name. */
function prependPixels(graph: Graph, p: Preprocessing, operators: Operators): Graph {
  const [old, ...others] = graph.inputs;
  if (!old || others.length > 0) {
    throw new ToolkitError(
      "E_GRAPH",
      `Cannot export the graph: it has ${graph.inputs.length} inputs, expected the image alone`,
    );
  }
  const [batch = "N", , height = "H", width = "W"] = old.shape;
  const b = new GraphBuilder(operators, { inputs: [], outputs: [], constants: graph.constants, nodes: [] });
  const image = b.input("image", "uint8", [batch, height, width, 3]);
  const planes = b.op("Transpose", [b.op("Cast", [image], { to: 1 })], { perm: [0, 3, 1, 2] });
  // (v / 255 - mean) / std, with the divisions done once here: v * scale + shift
  const scale = p.std.map((s) => 1 / (255 * s));
  const shift = p.mean.map((m, i) => -m / (p.std[i] ?? 1));
  const scaled = b.op("Mul", [planes, b.constant(float32([1, 3, 1, 1], scale), "preprocessing.scale")]);
  b.op("Add", [scaled, b.constant(float32([1, 3, 1, 1], shift), "preprocessing.shift")], {}, { outputs: [old.name] });
  for (const node of graph.nodes) b.copy(node);
  return b.build(graph.outputs);
}
