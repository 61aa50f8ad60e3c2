import type { Operator } from "../graph/operator.ts";
import { normaliseAxis } from "../graph/shape.ts";
import { powerWithSign, withoutZeros } from "./lp-norm.ts";
import { sameAsInput } from "./unary.ts";

/** y = x / norm along `axis`, with the norm of order 1 or 2; dx = (dy - s sum(dy y)) / norm, where s is the slope of the norm. */
export const lpNormalization: Operator = {
  type: "LpNormalization",
  infer: sameAsInput,
  gradient: ({ b, x, y, dy, attrs }) => [
    () => {
      const p = attrs.int("p", 2);
      const axes = [normaliseAxis(attrs.int("axis", -1), x().shape.length, "LpNormalization")];
      const norm = withoutZeros(b, b.op(p === 1 ? "ReduceL1" : "ReduceL2", [x()], { axes, keepdims: 1 }));
      const along = b.op("ReduceSum", [b.op("Mul", [dy(), y()]), b.ints(axes)], { keepdims: 1 });
      const slope = p === 1 ? powerWithSign(b, x(), 1) : y();
      return b.op("Div", [b.op("Sub", [dy(), b.op("Mul", [slope, along])]), norm]);
    },
  ],
};
