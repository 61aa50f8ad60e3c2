import type { GraphBuilder } from "../graph/builder.ts";
import type { Dim, Value } from "../graph/ir.ts";
import type { Operator } from "../graph/operator.ts";
import { broadcastShapes } from "../graph/shape.ts";
import { toNumbers } from "../graph/tensor.ts";
import { reshapeConstant } from "./like.ts";
import { unknownDims } from "./reshape.ts";

export const expand: Operator = {
  type: "Expand",
  infer: ({ input, constant, where }) => {
    const { dtype, shape } = input(0);
    const given = constant(1);
    const wanted: readonly Dim[] = given ? toNumbers(given) : unknownDims(input(1), input(1).name);
    return [{ dtype, shape: broadcastShapes(shape, wanted, where) }];
  },
  gradient: ({ dy }) => [() => dy(), null],
};

export const tile: Operator = {
  type: "Tile",
  infer: ({ input, constant }) => {
    const { dtype, shape } = input(0);
    const given = constant(1);
    const repeats = given ? toNumbers(given) : [];
    return [
      {
        dtype,
        shape: shape.map((dim, i) => (given ? times(dim, repeats[i] ?? 1) : `tile(${dim},${input(1).name})_${i}`)),
      },
    ];
  },
  gradient: ({ b, x, dy }) => [
    () => sumOfRepeats(b, dy(), x(), x(1)) ?? b.gradient("TileGradient", [dy(), x(), x(1)]),
    null,
  ],
};

/** The gradient of a Tile of `x` by constant repeats: [r d] is seen as [r, d], and the repeats are summed. Undefined where too little is known for it. */
export function sumOfRepeats(b: GraphBuilder, dy: Value, x: Value, repeats: Value): Value | undefined {
  const given = b.constantOf(repeats);
  if (!given) return undefined;
  const counts = toNumbers(given);
  const dims: Dim[] = [];
  const axes: number[] = [];
  for (const [i, dim] of x.shape.entries()) {
    const repeat = counts[i] ?? 1;
    if (repeat !== 1) axes.push(dims.length);
    dims.push(...(repeat === 1 ? [dim] : [repeat, dim]));
  }
  if (axes.length === 0) return dy;
  const shape = reshapeConstant(dy.shape, dims);
  return shape && b.op("ReduceSum", [b.op("Reshape", [dy, b.ints(shape)]), b.ints(axes)], { keepdims: 0 });
}

function times(dim: Dim, repeat: number): Dim {
  if (repeat === 1) return dim;
  return typeof dim === "number" ? dim * repeat : `${dim}*${repeat}`;
}
