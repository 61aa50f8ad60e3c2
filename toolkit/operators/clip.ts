import type { Operator } from "../graph/operator.ts";
import { maskLike } from "./like.ts";
import { sameAsInput } from "./unary.ts";

/** Inside the bounds, and on them, y is x and its gradient passes. */
export const clip: Operator = {
  type: "Clip",
  infer: sameAsInput,
  gradient: ({ b, x, y, dy }) => [() => b.op("Mul", [dy(), maskLike(b, b.op("Equal", [x(), y()]), y())]), null, null],
};
