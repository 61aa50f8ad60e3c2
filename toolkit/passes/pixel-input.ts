import { ToolkitError } from "../errors.ts";
import { GraphBuilder } from "../graph/builder.ts";
import type { Graph, Value } from "../graph/ir.ts";
import type { Operators } from "../graph/operator.ts";
import { float32 } from "../graph/tensor.ts";
import type { Normalisation } from "../images/to-input.ts";

/** What a network's picture input is called where it takes pixels. */
export const PIXELS = "image";

/**
 * The graph with `image` uint8 [N,H,W,3] as its input; what was its input [N,3,H,W] is now made from it, under the same name. A graph of several
 * inputs keeps the others: `input` names the one that is replaced.
 * @throws E_GRAPH where the graph has other inputs too and none is named, or has none of this name
 */
export function pixelInput(graph: Graph, { mean, std }: Normalisation, operators: Operators, input?: string): Graph {
  const old = input === undefined ? onlyInput(graph) : inputNamed(graph, input);
  const others = graph.inputs.filter((v) => v !== old);
  const [batch = "N", , height = "H", width = "W"] = old.shape;
  const start = { inputs: others, outputs: [], constants: graph.constants, nodes: [] };
  // nodes that are copied below may have made-up names
  const names = new Set(graph.nodes.flatMap((node) => node.outputs.map((v) => v.name)));
  const b = new GraphBuilder(operators, start, names);
  const image = b.input(PIXELS, "uint8", [batch, height, width, 3]);
  const planes = b.op("Transpose", [b.op("Cast", [image], { to: 1 })], { perm: [0, 3, 1, 2] });
  // (v / 255 - mean) / std, with the divisions done once here: v * scale + shift
  const scale = std.map((s) => 1 / (255 * s));
  const shift = mean.map((m, i) => -m / (std[i] ?? 1));
  const scaled = b.op("Mul", [planes, b.constant(float32([1, 3, 1, 1], scale), "preprocessing.scale")]);
  b.op("Add", [scaled, b.constant(float32([1, 3, 1, 1], shift), "preprocessing.shift")], {}, { outputs: [old.name] });
  for (const node of graph.nodes) b.copy(node);
  return b.build(graph.outputs);
}

function onlyInput({ inputs: [first, ...others] }: Graph): Value {
  if (first && others.length === 0) return first;
  return refuse(`it has ${first ? 1 + others.length : 0} inputs, expected the image alone`);
}

function inputNamed({ inputs }: Graph, name: string): Value {
  return inputs.find((v) => v.name === name) ?? refuse(`it has no input "${name}"`);
}

function refuse(why: string): never {
  throw new ToolkitError("E_GRAPH", `Cannot make the graph take pixels: ${why}`);
}
