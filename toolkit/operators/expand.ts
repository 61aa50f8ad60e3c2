import type { Dim } from "../graph/ir.ts";
import type { Operator } from "../graph/operator.ts";
import { broadcastShapes } from "../graph/shape.ts";
import { toNumbers } from "../graph/tensor.ts";
import { reshapeConstant } from "./like.ts";
import { unknownDims } from "./reshape.ts";
import { ToolkitError } from "../errors.ts";

export const expand: Operator = {
  type: "Expand",
  infer: ({ input, constant, where }) => {
    const { dtype, shape } = input(0);
    const given = constant(1);
    const wanted: readonly Dim[] = given ? toNumbers(given) : unknownDims(input(1), "expand");
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
    return [{ dtype, shape: shape.map((dim, i) => times(dim, given ? (repeats[i] ?? 1) : undefined)) }];
  },
  gradient: ({ b, x, dy }) => [
    () => {
      const given = b.constantOf(x(1));
      if (!given)
        throw new ToolkitError(
          "E_SHAPE",
          `Cannot differentiate Tile of "${x().name}": its repeats are computed when the graph runs`,
        );
      const repeats = toNumbers(given);
      // [r d] is seen as [r, d], and the repeats are summed
      const dims = x().shape.flatMap((dim, i): Dim[] => ((repeats[i] ?? 1) === 1 ? [dim] : [repeats[i] ?? 1, dim]));
      const axes = x().shape.flatMap((_, i) =>
        (repeats[i] ?? 1) === 1 ? [] : [i + repeats.slice(0, i).filter((r) => r !== 1).length],
      );
      if (axes.length === 0) return dy();
      const shape = reshapeConstant(dy().shape, dims);
      if (!shape)
        throw new ToolkitError(
          "E_SHAPE",
          `Cannot differentiate Tile of "${x().name}": two of its extents are not known yet`,
        );
      return b.op("ReduceSum", [b.op("Reshape", [dy(), b.ints(shape)]), b.ints(axes)], { keepdims: 0 });
    },
    null,
  ],
};

function times(dim: Dim, repeat: number | undefined): Dim {
  if (repeat === 1) return dim;
  if (repeat === undefined) return `tile(${dim})`;
  return typeof dim === "number" ? dim * repeat : `${dim}*${repeat}`;
}
