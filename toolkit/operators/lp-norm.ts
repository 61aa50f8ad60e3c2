import type { GraphBuilder } from "../graph/builder.ts";
import type { Value } from "../graph/ir.ts";
import { scalarLike } from "./like.ts";

/** `v` with 1 for every 0, to divide by: what is divided by it is 0 there as well. */
export function withoutZeros(b: GraphBuilder, v: Value): Value {
  return b.op("Where", [b.op("Equal", [v, scalarLike(b, 0, v)]), scalarLike(b, 1, v), v]);
}

/** sign(x) |x|^(p-1): the numerator of the slope of (sum |x|^p)^(1/p), whose denominator is the norm to the power p - 1. */
export function powerWithSign(b: GraphBuilder, x: Value, p: number): Value {
  if (p === 2) return x;
  const sign = b.op("Sign", [x]);
  return p === 1 ? sign : b.op("Mul", [sign, b.op("Pow", [b.op("Abs", [x]), scalarLike(b, p - 1, x)])]);
}

/** dy / norm^(p-1), and dy where the norm is 0: there every element is 0, and so is its gradient. */
export function overPower(b: GraphBuilder, dy: Value, norm: Value, p: number): Value {
  if (p === 1) return dy;
  const safe = withoutZeros(b, norm);
  return b.op("Div", [dy, p === 2 ? safe : b.op("Pow", [safe, scalarLike(b, p - 1, safe)])]);
}
