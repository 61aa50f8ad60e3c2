import type { GraphBuilder } from "../graph/builder.ts";
import type { AttributeReader } from "../graph/attributes.ts";
import type { Value } from "../graph/ir.ts";
import type { Operator } from "../graph/operator.ts";
import { normaliseAxis } from "../graph/shape.ts";
import { sameAsInput } from "./unary.ts";

function sumOverAxis(b: GraphBuilder, v: Value, attrs: AttributeReader): Value {
  return b.op("ReduceSum", [v, b.ints([normaliseAxis(attrs.int("axis", -1), v.shape.length, "Softmax")])], {
    keepdims: 1,
  });
}

/** dx = y (dy - sum(y dy)) */
export const softmax: Operator = {
  type: "Softmax",
  infer: sameAsInput,
  gradient: ({ b, y, dy, attrs }) => [
    () => b.op("Mul", [y(), b.op("Sub", [dy(), sumOverAxis(b, b.op("Mul", [y(), dy()]), attrs)])]),
  ],
};

/** dx = dy - exp(y) sum(dy) */
export const logSoftmax: Operator = {
  type: "LogSoftmax",
  infer: sameAsInput,
  gradient: ({ b, y, dy, attrs }) => [
    () => b.op("Sub", [dy(), b.op("Mul", [b.op("Exp", [y()]), sumOverAxis(b, dy(), attrs)])]),
  ],
};
