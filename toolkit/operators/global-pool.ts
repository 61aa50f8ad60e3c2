import type { InferInput, Operator } from "../graph/operator.ts";
import type { TensorType, Value } from "../graph/ir.ts";
import { countOf, expandLike, reshapeLike } from "./like.ts";

/** One element for each map. */
export function pooled({ input }: InferInput): readonly [TensorType] {
  const x = input(0);
  return [{ dtype: x.dtype, shape: x.shape.map((dim, i) => (i < 2 ? dim : 1)) }];
}

function spatialAxes(x: Value): readonly number[] {
  return x.shape.map((_, i) => i).slice(2);
}

export const globalAveragePool: Operator = {
  type: "GlobalAveragePool",
  infer: pooled,
  gradient: ({ b, x, dy }) => [() => expandLike(b, b.op("Div", [dy(), countOf(b, x(), spatialAxes(x()))]), x())],
};

/** The gradient goes to the first largest element of each map. */
export const globalMaxPool: Operator = {
  type: "GlobalMaxPool",
  infer: pooled,
  gradient: ({ b, x, dy }) => [
    () => {
      const flat = b.op("Reshape", [x(), b.ints([0, 0, -1])]);
      // 1 at the first largest element of each row
      const mask = b.op("Hardmax", [flat], { axis: 2 });
      return b.op("Mul", [dy(), reshapeLike(b, mask, x())]);
    },
  ],
};
