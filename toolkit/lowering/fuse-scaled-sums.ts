import { GraphBuilder } from "../graph/builder.ts";
import { consumers, producers, valuesByName } from "../graph/ir.ts";
import type { Graph, Node, Value } from "../graph/ir.ts";
import type { Operators } from "../graph/operator.ts";
import { sameShape } from "../graph/shape.ts";
import { BLOCKED_DOMAIN } from "./formulations/blocked/blocked-op.ts";

/**
 * Writes x * s + y, s a number and x and y alike, as one blocked convolution of a tap a channel with the sum as its fourth input: one pass over memory, of which
 * an optimizer's update otherwise takes two. Each element stays where it lies, whatever its layout.
 */
export function fuseScaledSums(graph: Graph, block: number, operators: Operators): Graph {
  const readers = consumers(graph);
  const makers = producers(graph);
  const kept = new Set(graph.outputs.map((v) => v.name));
  const b = new GraphBuilder(operators, { ...graph, nodes: [] }, new Set(valuesByName(graph).keys()));
  const fused = new Set<Node>();
  const sums = new Map<Node, readonly [Value, Value, Value]>();
  for (const node of graph.nodes) {
    const found = scaledSum(node, block, (v) =>
      kept.has(v.name) || readers.get(v.name)?.length !== 1 ? undefined : makers.get(v.name),
    );
    if (!found) continue;
    fused.add(found.product);
    sums.set(node, found.parts);
  }
  for (const node of graph.nodes) {
    const parts = sums.get(node);
    if (parts) writeSum(b, node, parts);
    else if (!fused.has(node)) b.copy(node);
  }
  return b.build(graph.outputs);
}

interface ScaledSum {
  readonly product: Node;
  /** x, s and y. */
  readonly parts: readonly [Value, Value, Value];
}

/** The product and the parts of a sum; `madeFor` gives the node that makes a value for this reader alone. */
function scaledSum(node: Node, block: number, madeFor: (v: Value) => Node | undefined): ScaledSum | undefined {
  const [a, c] = node.inputs;
  const [sum] = node.outputs;
  if (node.op !== "Add" || node.domain || !a || !c || !sum || !isPicture(sum, block)) return undefined;
  for (const [scaled, y] of [[a, c] as const, [c, a] as const]) {
    const product = madeFor(scaled);
    const [x, s] = product?.inputs ?? [];
    if (product?.op === "Mul" && x && s && isNumber(s) && [x, y, scaled].every((v) => sameShape(v.shape, sum.shape)))
      return { product, parts: [x, s, y] };
    if (product?.op === "Mul" && x && s && isNumber(x) && [s, y, scaled].every((v) => sameShape(v.shape, sum.shape)))
      return { product, parts: [s, x, y] };
  }
  return undefined;
}

/** Of known extents, with channels in whole blocks: what is declared so may lie in any layout. */
function isPicture({ dtype, shape }: Value, block: number): boolean {
  return (
    dtype === "float32" &&
    shape.length === 4 &&
    shape.every((dim) => typeof dim === "number") &&
    Number(shape[1]) % block === 0
  );
}

function isNumber({ shape }: Value): boolean {
  return shape.every((dim) => dim === 1);
}

function writeSum(b: GraphBuilder, node: Node, [x, s, y]: readonly [Value, Value, Value]): void {
  const channels = Number(x.shape[1]);
  const filter = b.op("Expand", [s, b.ints([channels, 1, 1, 1])]);
  const options = { domain: BLOCKED_DOMAIN, outputs: node.outputs.map((v) => v.name) };
  b.op("Conv", [x, filter, undefined, y], { kernel_shape: [1, 1], group: channels }, options);
}
