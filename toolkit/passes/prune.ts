import type { Graph } from "../graph/ir.ts";
import { cut } from "./cut.ts";

/** Drops nodes and constants that no output needs. Graph inputs stay, needed or not: they are the graph's signature. */
export function prune(graph: Graph): Graph {
  return { ...cut(graph, { outputs: graph.outputs.map((v) => v.name) }), inputs: graph.inputs, outputs: graph.outputs };
}
