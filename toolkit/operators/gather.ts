import type { Operator } from "../graph/operator.ts";
import { normaliseAxis } from "../graph/shape.ts";
import { expandLike, zerosLike } from "./like.ts";
import { sameAsInput } from "./unary.ts";

export const gather: Operator = {
  type: "Gather",
  infer: ({ input, attrs, where }) => {
    const { dtype, shape } = input(0);
    const axis = normaliseAxis(attrs.int("axis", 0), shape.length, where);
    return [{ dtype, shape: [...shape.slice(0, axis), ...input(1).shape, ...shape.slice(axis + 1)] }];
  },
  // every element of dy is added to the one it was taken from
  gradient: ({ b, x, dy, attrs }) => [
    () => {
      const axis = normaliseAxis(attrs.int("axis", 0), x().shape.length, "Gather");
      const after = x().shape.length - axis - 1;
      const rank = x(1).shape.length;
      if (rank > 1) {
        const flat = b.op("Reshape", [x(1), b.ints([-1])]);
        const leading = Array<number>(axis).fill(0);
        const trailing = x()
          .shape.slice(axis + 1)
          .map((dim) => (typeof dim === "number" ? dim : 1));
        const rows = b.op("Reshape", [dy(), b.ints([...leading, -1, ...trailing])]);
        const columns =
          after === 0 ? flat : b.op("Unsqueeze", [flat, b.ints(Array.from({ length: after }, (_, i) => i + 1))]);
        return b.op("ScatterElements", [zerosLike(b, x()), expandLike(b, columns, rows), rows], {
          axis,
          reduction: "add",
        });
      }
      const one = rank === 0 ? b.op("Unsqueeze", [x(1), b.ints([0])]) : x(1);
      const rows = rank === 0 ? b.op("Unsqueeze", [dy(), b.ints([axis])]) : dy();
      const columns =
        after === 0 ? one : b.op("Unsqueeze", [one, b.ints(Array.from({ length: after }, (_, i) => i + 1))]);
      return b.op("ScatterElements", [zerosLike(b, x()), expandLike(b, columns, rows), rows], {
        axis,
        reduction: "add",
      });
    },
    null,
  ],
};

/** Written by gradients and lowering; no gradient of its own is written. */
export const scatterElements: Operator = { type: "ScatterElements", infer: sameAsInput };
