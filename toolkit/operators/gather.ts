import { ToolkitError } from "../errors.ts";
import type { GraphBuilder } from "../graph/builder.ts";
import type { Value } from "../graph/ir.ts";
import type { Operator } from "../graph/operator.ts";
import { normaliseAxis } from "../graph/shape.ts";
import { expandLike, reshapeLike, zerosLike } from "./like.ts";

/** Adds line `i` of `lines` along `axis` to line `places[i]` of zeros in the shape of `x`. */
function addLines(b: GraphBuilder, x: Value, places: Value, lines: Value, axis: number): Value {
  const after = Array.from({ length: x.shape.length - axis - 1 }, (_, i) => i + 1);
  const column = after.length === 0 ? places : b.op("Unsqueeze", [places, b.ints(after)]);
  const at = expandLike(b, column, lines);
  return b.op("ScatterElements", [zerosLike(b, x), at, lines], { axis, reduction: "add" });
}

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
      const rank = x(1).shape.length;
      if (rank === 1) return addLines(b, x(), x(1), dy(), axis);
      if (rank === 0) {
        const [place, line] = [b.op("Unsqueeze", [x(1), b.ints([0])]), b.op("Unsqueeze", [dy(), b.ints([axis])])];
        return addLines(b, x(), place, line, axis);
      }
      const places = b.op("Reshape", [x(1), b.ints([-1])]);
      // taken along one line of places, the operator gives the shape that dy has to have
      return addLines(b, x(), places, reshapeLike(b, dy(), b.op("Gather", [x(), places], { axis })), axis);
    },
    null,
  ],
};

/** Element by element along one axis, in the shape of the indices. */
export const gatherElements: Operator = {
  type: "GatherElements",
  infer: ({ input }) => [{ dtype: input(0).dtype, shape: input(1).shape }],
  gradient: ({ b, x, dy, attrs }) => [
    () => b.op("ScatterElements", [zerosLike(b, x()), x(1), dy()], { axis: attrs.int("axis", 0), reduction: "add" }),
    null,
  ],
};

/** Indices [..., k] name the first k axes behind `batch_dims` shared ones. */
export const gatherND: Operator = {
  type: "GatherND",
  infer: ({ input, attrs, where }) => {
    const { dtype, shape } = input(0);
    const indices = input(1).shape;
    const depth = indices.at(-1);
    if (typeof depth !== "number") {
      throw new ToolkitError(
        "E_SHAPE",
        `Cannot infer the shape of ${where}: how many axes its indices name is not known`,
      );
    }
    const named = attrs.int("batch_dims", 0) + depth;
    return [{ dtype, shape: [...indices.slice(0, -1), ...shape.slice(named)] }];
  },
  // not ScatterND: on the CPU several threads may add to one element at once
  gradient: ({ b, node, x, dy }) => [
    () => b.gradient("MovedGradient", [dy(), x(), x(1)], { ...node.attrs, operator: "GatherND" }),
    null,
  ],
};
