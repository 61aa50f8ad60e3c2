import type { Graph, Node } from "../graph/ir.ts";

/** Which inputs of an operator are weights that are learnt. Running statistics, axes and shapes are not. */
const learnt: ReadonlyMap<string, readonly number[]> = new Map([
  ["Conv", [1, 2]],
  ["ConvTranspose", [1, 2]],
  ["Gemm", [1, 2]],
  ["MatMul", [0, 1]],
  ["BatchNormalization", [1, 2]],
  ["InstanceNormalization", [1, 2]],
  ["LayerNormalization", [1, 2]],
  ["PRelu", [1]],
]);

/** Names of the float constants that training changes, from the stem to the head. */
export function parametersOf(graph: Graph): readonly string[] {
  return [...new Set(graph.nodes.flatMap((node) => weightsOf(node, graph)))];
}

function weightsOf(node: Node, graph: Graph): readonly string[] {
  return (learnt.get(node.op) ?? []).flatMap((i) => {
    const name = node.inputs[i]?.name;
    return name !== undefined && graph.constants.get(name)?.dtype === "float32" ? [name] : [];
  });
}

/** How deep each parameter lies: 0 at the stem, 1 at the last node that has any. */
export function depthsOf(graph: Graph): ReadonlyMap<string, number> {
  const levels = graph.nodes.map((node) => weightsOf(node, graph)).filter((names) => names.length > 0);
  const last = Math.max(1, levels.length - 1);
  const depths = new Map<string, number>();
  for (const [level, names] of levels.entries())
    for (const name of names) if (!depths.has(name)) depths.set(name, level / last);
  return depths;
}
