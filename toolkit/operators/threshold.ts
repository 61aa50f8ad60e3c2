import type { Operator } from "../graph/operator.ts";
import { maskLike, scalarLike } from "./like.ts";
import { elementwise } from "./unary.ts";

/** y = x where x > alpha, else 0. */
export const thresholdedRelu: Operator = elementwise("ThresholdedRelu", ({ b, x, attrs }) =>
  maskLike(b, b.op("Greater", [x(), scalarLike(b, attrs.float("alpha", 1), x())]), x()),
);

/** y = x + bias where x < -lambd, x - bias where x > lambd, else 0. */
export const shrink: Operator = elementwise("Shrink", ({ b, x, attrs }) => {
  const limit = scalarLike(b, attrs.float("lambd", 0.5), x());
  return maskLike(b, b.op("Greater", [b.op("Abs", [x()]), limit]), x());
});
