import { ToolkitError } from "../errors.ts";
import type { Operator } from "../graph/operator.ts";
import { normaliseAxis } from "../graph/shape.ts";
import { toNumbers } from "../graph/tensor.ts";
import { zerosLike } from "./like.ts";

/** Outputs the k largest (or smallest) values along an axis, and their indices. */
export const topK: Operator = {
  type: "TopK",
  infer: ({ input, constant, attrs, where, outputCount }) => {
    const { dtype, shape } = input(0);
    const axis = normaliseAxis(attrs.int("axis", -1), shape.length, where);
    const given = constant(1);
    const count = given ? (toNumbers(given)[0] ?? 1) : `top(${shape[axis]},${input(1).name})`;
    const extent = shape[axis];
    if (typeof count === "number" && typeof extent === "number" && count > extent)
      throw new ToolkitError("E_SHAPE", `Cannot take ${count} of ${extent} elements in ${where}`);
    const kept = shape.with(axis, count);
    return [
      { dtype, shape: kept },
      { dtype: "int64" as const, shape: kept },
    ].slice(0, outputCount);
  },
  gradient: ({ b, x, y, dy, attrs }) => [
    () => b.op("ScatterElements", [zerosLike(b, x()), y(1), dy()], { axis: attrs.int("axis", -1) }),
    null,
  ],
};
