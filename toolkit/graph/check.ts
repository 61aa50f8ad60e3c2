import { ToolkitError } from "../errors.ts";
import type { Graph } from "./ir.ts";

/**
 * Checks what every pass relies on: each name is defined once, each node reads only what is defined before it, outputs exist.
 * @throws E_GRAPH with the offending name
 */
export function checkGraph(graph: Graph): Graph {
  const defined = new Set<string>(graph.constants.keys());
  const define = (name: string): void => {
    if (defined.has(name)) throw new ToolkitError("E_GRAPH", `Cannot use the graph: "${name}" is defined twice`);
    defined.add(name);
  };
  for (const v of graph.inputs) define(v.name);
  for (const node of graph.nodes) {
    for (const v of node.inputs) {
      if (v && !defined.has(v.name)) {
        throw new ToolkitError(
          "E_GRAPH",
          `Cannot use the graph: ${node.op} "${node.name ?? ""}" reads "${v.name}" before it is defined`,
        );
      }
    }
    for (const v of node.outputs) define(v.name);
  }
  for (const v of graph.outputs) {
    if (!defined.has(v.name))
      throw new ToolkitError("E_GRAPH", `Cannot use the graph: nothing makes its output "${v.name}"`);
  }
  return graph;
}
