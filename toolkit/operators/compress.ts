import type { Dim } from "../graph/ir.ts";
import type { Operator } from "../graph/operator.ts";
import { multiplyDims, normaliseAxis } from "../graph/shape.ts";
import { toNumbers } from "../graph/tensor.ts";

/** The slices along an axis, or the elements where no axis is given, for which a condition holds. */
export const compress: Operator = {
  type: "Compress",
  infer: ({ input, constant, attrs, where }) => {
    const { dtype, shape } = input(0);
    const condition = constant(1);
    const axis = attrs.has("axis") ? normaliseAxis(attrs.int("axis", 0), shape.length, where) : undefined;
    const extent = axis === undefined ? multiplyDims(shape) : (shape[axis] ?? 0);
    // a condition may be longer than what it is asked of
    const isThere = (place: number): boolean => typeof extent !== "number" || place < extent;
    const kept: Dim = condition
      ? toNumbers(condition).filter((holds, place) => holds !== 0 && isThere(place)).length
      : `compressed(${input(1).name})`;
    return [{ dtype, shape: axis === undefined ? [kept] : shape.with(axis, kept) }];
  },
  gradient: ({ b, node, x, dy }) => [
    () => b.gradient("MovedGradient", [dy(), x(), x(1)], { ...node.attrs, operator: "Compress" }),
    null,
  ],
};
