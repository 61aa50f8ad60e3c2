import { valuesNamed } from "../graph/ir.ts";
import type { Graph, Node, Value } from "../graph/ir.ts";

export interface CutOptions {
  /** Values that are fed instead of computed; they become graph inputs, in this order. */
  readonly inputs?: readonly string[];
  /** Values that become the graph's outputs, in this order. */
  readonly outputs: readonly string[];
}

/**
 * The part of a graph between values: what `outputs` need, computed from `inputs`, from the graph inputs still reached, and from constants.
 * @throws E_NO_VALUE for a name the graph does not define
 */
export function cut(graph: Graph, { inputs = [], outputs }: CutOptions): Graph {
  const fed = valuesNamed(graph, inputs);
  const ends = valuesNamed(graph, outputs);
  const boundary = new Set(inputs);
  const { nodes, reached } = ancestors(graph, ends, boundary);
  return {
    inputs: [...fed, ...graph.inputs.filter((v) => reached.has(v.name) && !boundary.has(v.name))],
    outputs: ends,
    constants: new Map([...graph.constants].filter(([name]) => reached.has(name) && !boundary.has(name))),
    nodes,
  };
}

/** The nodes that `ends` need, in order, and every name reached; the walk stops at `boundary`. */
function ancestors(
  graph: Graph,
  ends: readonly Value[],
  boundary: ReadonlySet<string>,
): { readonly nodes: readonly Node[]; readonly reached: ReadonlySet<string> } {
  const reached = new Set(ends.map((v) => v.name));
  const nodes = graph.nodes.toReversed().filter((node) => {
    if (!node.outputs.some((v) => reached.has(v.name) && !boundary.has(v.name))) return false;
    for (const v of node.inputs) if (v) reached.add(v.name);
    return true;
  });
  return { nodes: nodes.toReversed(), reached };
}
