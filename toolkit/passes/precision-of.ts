import type { Graph } from "../graph/ir.ts";
import { isVector } from "../graph/shape.ts";

/** How a model's weights are stored: "int8" where it also computes in 8 bits. */
export type Precision = "float32" | "float16" | "int8";

/** The precision of a file's graph as it stands, before it is normalised. */
export function precisionOf(graph: Graph): Precision {
  if (graph.nodes.some(({ op }) => op === "DequantizeLinear" || op.startsWith("QLinear"))) return "int8";
  return [...graph.constants.values()].some((t) => t.dtype === "float16" && !isVector(t.shape)) ? "float16" : "float32";
}
