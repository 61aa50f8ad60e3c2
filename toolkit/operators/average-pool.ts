import type { Operator } from "../graph/operator.ts";
import { slide } from "./window.ts";

export const averagePool: Operator = {
  type: "AveragePool",
  infer: ({ input, attrs, where }) => {
    const x = input(0);
    return [
      {
        dtype: x.dtype,
        shape: [...x.shape.slice(0, 2), ...slide(attrs, attrs.ints("kernel_shape", []), x.shape.slice(2), where)],
      },
    ];
  },
  gradient: ({ b, x, dy, attrs }) => [() => b.gradient("AveragePoolGradient", [dy(), x()], attrs.all)],
};
