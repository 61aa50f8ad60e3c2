import type { GraphBuilder } from "../graph/builder.ts";
import type { AttributeReader } from "../graph/attributes.ts";
import type { TensorType, Value } from "../graph/ir.ts";
import type { InferInput, Operator } from "../graph/operator.ts";
import { normaliseAxis } from "../graph/shape.ts";

/** The type of an operator that works along `axis`, which must be there. */
function alongAxis({ input, attrs, where }: InferInput): readonly [TensorType] {
  normaliseAxis(attrs.int("axis", -1), input(0).shape.length, where);
  return [input(0)];
}

function sumOverAxis(b: GraphBuilder, v: Value, attrs: AttributeReader): Value {
  return b.op("ReduceSum", [v, b.ints([normaliseAxis(attrs.int("axis", -1), v.shape.length, "Softmax")])], {
    keepdims: 1,
  });
}

/** dx = y (dy - sum(y dy)) */
export const softmax: Operator = {
  type: "Softmax",
  infer: alongAxis,
  gradient: ({ b, y, dy, attrs }) => [
    () => b.op("Mul", [y(), b.op("Sub", [dy(), sumOverAxis(b, b.op("Mul", [y(), dy()]), attrs)])]),
  ],
};

/** dx = dy - exp(y) sum(dy) */
export const logSoftmax: Operator = {
  type: "LogSoftmax",
  infer: alongAxis,
  gradient: ({ b, y, dy, attrs }) => [
    () => b.op("Sub", [dy(), b.op("Mul", [b.op("Exp", [y()]), sumOverAxis(b, dy(), attrs)])]),
  ],
};

/** 1 for the first largest element along `axis`, 0 for the others. */
export const hardmax: Operator = { type: "Hardmax", infer: alongAxis, gradient: null };
