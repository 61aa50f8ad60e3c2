import type { Operator } from "../graph/operator.ts";
import { scalarLike } from "./like.ts";
import { elementwise } from "./unary.ts";

export const sigmoid: Operator = elementwise("Sigmoid", ({ b, y }) =>
  b.op("Mul", [y(), b.op("Sub", [scalarLike(b, 1, y()), y()])]),
);

export const tanh: Operator = elementwise("Tanh", ({ b, y }) =>
  b.op("Sub", [scalarLike(b, 1, y()), b.op("Mul", [y(), y()])]),
);

export const softplus: Operator = elementwise("Softplus", ({ b, x }) => b.op("Sigmoid", [x()]));
