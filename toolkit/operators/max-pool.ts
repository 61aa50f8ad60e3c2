import type { Operator } from "../graph/operator.ts";
import { slide } from "./window.ts";

/** The second output, indices into the whole tensor, is only for gradients. */
export const maxPool: Operator = {
  type: "MaxPool",
  infer: ({ input, attrs, outputCount, where }) => {
    const x = input(0);
    const shape = [...x.shape.slice(0, 2), ...slide(attrs, attrs.ints("kernel_shape", []), x.shape.slice(2), where)];
    const types = [
      { dtype: x.dtype, shape },
      { dtype: "int64" as const, shape },
    ];
    return types.slice(0, outputCount);
  },
  gradient: ({ b, x, y, dy, attrs }) => [() => b.gradient("MaxPoolGradient", [dy(), x(), y()], attrs.all)],
};
