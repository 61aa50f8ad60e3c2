import type { Graph, Node } from "../graph/ir.ts";

/** A weight as a node reads it: axis `i` of what it reads is axis `axes[i]` of the weight. */
interface Read {
  readonly weight: string;
  readonly axes: readonly number[];
}

/**
 * The axis of each weight that counts the units it feeds (output channels, rows of a dense layer), from how its first reader uses it: the last of a
 * weight that MatMul or Gemm multiplies from the right, the second of ConvTranspose, the first of Conv and of Gemm with transB; through a Transpose.
 * Weights that another operator reads (norms, biases, embeddings, the user's own) are not in it.
 */
export function unitAxesOf(graph: Graph): ReadonlyMap<string, number> {
  const reads = new Map<string, Read>();
  for (const [name, { shape }] of graph.constants) reads.set(name, { weight: name, axes: shape.map((_, i) => i) });
  const found = new Map<string, number>();
  for (const node of graph.nodes) {
    const turned = transposed(node, reads.get(node.inputs[0]?.name ?? ""));
    if (turned) for (const v of node.outputs) reads.set(v.name, turned);
    for (const [i, v] of node.inputs.entries()) {
      const read = reads.get(v?.name ?? "");
      const axis = read && read.axes[unitAxis(node, i, read.axes.length) ?? -1];
      if (read && axis !== undefined && !found.has(read.weight)) found.set(read.weight, axis);
    }
  }
  return found;
}

function transposed({ op, domain, attrs }: Node, read: Read | undefined): Read | undefined {
  const { perm } = attrs;
  if (op !== "Transpose" || domain || !read) return undefined;
  const axes = Array.isArray(perm) ? perm.map((i) => read.axes[Number(i)] ?? 0) : read.axes.toReversed();
  return { weight: read.weight, axes };
}

/** The axis of what a node reads as its input `i`. */
function unitAxis({ op, domain, attrs }: Node, i: number, rank: number): number | undefined {
  if (domain || rank < 2) return undefined;
  if (op === "MatMul") return i === 0 ? rank - 2 : rank - 1;
  if (op === "Gemm" && i === 0) return attrs["transA"] === 1 ? 1 : 0;
  if (op === "Gemm" && i === 1) return attrs["transB"] === 1 ? 0 : 1;
  if (i !== 1) return undefined;
  return op === "Conv" ? 0 : op === "ConvTranspose" ? 1 : undefined;
}
