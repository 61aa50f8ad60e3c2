import { consumers, GRADIENT_DOMAIN } from "../graph/ir.ts";
import type { Graph, Node, Value } from "../graph/ir.ts";

/** An attribute of MaxPoolGradient: nothing is sent back to an element of 0 or less, so that zeros may stand for the padding. */
export const ABOVE_ZERO = "above_zero";

/**
 * A ReLU's gradient behind a max pool's moves before it, where the maps are smaller: no window whose largest element is 0 sends anything back either way, and in
 * all others the ReLU let the largest element through.
 */
export function reluBeforeMaxPool(graph: Graph): Graph {
  const readers = consumers(graph);
  const pools = new Map<string, Node>();
  const nodes: Node[] = [];
  for (const node of graph.nodes) {
    const pool = isGradient(node, "ReluGradient") ? pools.get(node.inputs[0]?.name ?? "") : undefined;
    nodes.push(...(pool ? exchanged(pool, node) : [node]));
    const [dx] = node.outputs;
    if (dx && isGradient(node, "MaxPoolGradient") && readers.get(dx.name)?.length === 1) pools.set(dx.name, node);
  }
  return { ...graph, nodes };
}

function isGradient(node: Node, op: string): boolean {
  return node.domain === GRADIENT_DOMAIN && node.op === op;
}

function exchanged(pool: Node, relu: Node): readonly Node[] {
  const [dy, x, y] = pool.inputs;
  const [between] = pool.outputs;
  const [out] = relu.outputs;
  if (!dy || !y || !between || !out || relu.inputs[1]?.name !== x?.name) return [relu];
  const masked: Value = { ...between, name: `${between.name}/masked`, shape: dy.shape };
  return [
    { ...relu, inputs: [dy, y], outputs: [masked] },
    { ...pool, inputs: [masked, x, y], outputs: [out], attrs: { ...pool.attrs, [ABOVE_ZERO]: 1 } },
  ];
}
