import { ToolkitError } from "../errors.ts";
import { GraphBuilder } from "../graph/builder.ts";
import type { Graph } from "../graph/ir.ts";
import type { Operators } from "../graph/operator.ts";
import { float32 } from "../graph/tensor.ts";
import type { Normalisation } from "../images/to-input.ts";

/** What a network's picture input is called where it takes pixels. */
export const PIXELS = "image";

/**
 * The graph with `image` uint8 [N,H,W,3] as its input; what was its input [N,3,H,W] is now made from it, under the same name.
 * @throws E_GRAPH where the graph has other inputs too
 */
export function pixelInput(graph: Graph, { mean, std }: Normalisation, operators: Operators): Graph {
  const [old, ...others] = graph.inputs;
  if (!old || others.length > 0) {
    throw new ToolkitError(
      "E_GRAPH",
      `Cannot make the graph take pixels: it has ${graph.inputs.length} inputs, expected the image alone`,
    );
  }
  const [batch = "N", , height = "H", width = "W"] = old.shape;
  const b = new GraphBuilder(operators, { inputs: [], outputs: [], constants: graph.constants, nodes: [] });
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
