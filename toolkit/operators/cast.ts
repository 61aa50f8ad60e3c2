import type { Operator } from "../graph/operator.ts";
import { elementTypeNumber, elementTypeOf, isFloating } from "../graph/element-type.ts";

export const cast: Operator = {
  type: "Cast",
  infer: ({ input, attrs, where }) => [{ dtype: elementTypeOf(attrs.int("to", 1), where), shape: input(0).shape }],
  gradient: ({ b, x, y, dy }) => {
    if (!isFloating(x().dtype) || !isFloating(y().dtype)) return [null];
    return [() => b.op("Cast", [dy()], { to: elementTypeNumber(x().dtype) })];
  },
};
