import type { Operator } from "../graph/operator.ts";
import { scalarLike } from "./like.ts";
import { elementwise } from "./unary.ts";

export const sigmoid: Operator = elementwise("Sigmoid", ({ b, y }) =>
  b.op("Mul", [y(), b.op("Sub", [scalarLike(b, 1, y()), y()])]),
);

export const tanh: Operator = elementwise("Tanh", ({ b, y }) =>
  b.op("Sub", [scalarLike(b, 1, y()), b.op("Mul", [y(), y()])]),
);

/** y = x / (1 + |x|), whose slope is 1 / (1 + |x|)^2 */
export const softsign: Operator = elementwise("Softsign", ({ b, x }) => {
  const root = b.op("Reciprocal", [b.op("Add", [b.op("Abs", [x()]), scalarLike(b, 1, x())])]);
  return b.op("Mul", [root, root]);
});

export const softplus: Operator = elementwise("Softplus", ({ b, x }) => b.op("Sigmoid", [x()]));
