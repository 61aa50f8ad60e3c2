import type { Graph, Value } from "./ir.ts";

/** The graph with other names for some of its values, wherever they are made, held or read. Its inputs keep theirs. */
export function renameValues(graph: Graph, names: ReadonlyMap<string, string>): Graph {
  const renamed = (v: Value): Value => {
    const name = names.get(v.name);
    return name === undefined ? v : { ...v, name };
  };
  return {
    inputs: graph.inputs,
    outputs: graph.outputs.map(renamed),
    constants: new Map([...graph.constants].map(([name, t]) => [names.get(name) ?? name, t])),
    nodes: graph.nodes.map((node) => ({
      ...node,
      inputs: node.inputs.map((v) => v && renamed(v)),
      outputs: node.outputs.map(renamed),
    })),
  };
}
