import type { Operator } from "../graph/operator.ts";
import { sameAsInput } from "./unary.ts";

export const relu: Operator = {
  type: "Relu",
  infer: sameAsInput,
  // y > 0 exactly where x > 0, so x need not be kept alive for the backward pass
  gradient: ({ b, y, dy }) => [() => b.gradient("ReluGradient", [dy(), y()])],
};
