import type { Dim, Node } from "../graph/ir.ts";

/** Multiplications (each with its addition) of a node's products of matrices and convolutions; 0 for all else, and where an extent is symbolic. */
export function multiplyAdds(node: Node): number {
  const count = node.domain ? undefined : counts[node.op];
  return count ? count(node) : 0;
}

const counts: Readonly<Record<string, (node: Node) => number>> = {
  // every output element is a sum over a filter
  Conv: ({ inputs, outputs }) => size(outputs[0]?.shape) * size(inputs[1]?.shape.slice(1)),
  // every input element is multiplied by a filter
  ConvTranspose: ({ inputs }) => size(inputs[0]?.shape) * size(inputs[1]?.shape.slice(1)),
  Gemm: ({ inputs, outputs, attrs }) =>
    size(outputs[0]?.shape) * size(inputs[0]?.shape.slice(attrs["transA"] === 1 ? 0 : 1).slice(0, 1)),
  MatMul: ({ inputs, outputs }) => size(outputs[0]?.shape) * size(inputs[0]?.shape.slice(-1)),
};

function size(shape: readonly Dim[] | undefined): number {
  return (shape ?? [0]).reduce<number>((product, dim) => product * (typeof dim === "number" ? dim : 0), 1);
}
