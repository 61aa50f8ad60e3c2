import type { Operator } from "../graph/operator.ts";
import { sameAsInput } from "./unary.ts";

/** Each element reaches all sums behind it, so that its gradient is the sum of theirs: the same in the other direction. */
export const cumSum: Operator = {
  type: "CumSum",
  infer: sameAsInput,
  gradient: ({ b, x, dy, attrs }) => [
    () => b.op("CumSum", [dy(), x(1)], { exclusive: attrs.int("exclusive", 0), reverse: 1 - attrs.int("reverse", 0) }),
    null,
  ],
};
