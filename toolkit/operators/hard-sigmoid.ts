import type { GraphBuilder } from "../graph/builder.ts";
import type { Value } from "../graph/ir.ts";
import type { Operator } from "../graph/operator.ts";
import { maskLike, scalarLike } from "./like.ts";
import { elementwise } from "./unary.ts";

/** 1 where 0 < y < 1. */
function inside(b: GraphBuilder, y: Value): Value {
  const above = b.op("Greater", [y, scalarLike(b, 0, y)]);
  const below = b.op("Less", [y, scalarLike(b, 1, y)]);
  return maskLike(b, b.op("And", [above, below]), y);
}

/** y = max(0, min(1, alpha x + beta)) */
export const hardSigmoid: Operator = elementwise("HardSigmoid", ({ b, y, attrs }) =>
  b.op("Mul", [inside(b, y()), scalarLike(b, attrs.float("alpha", 0.2), y())]),
);

/** y = x max(0, min(1, x / 6 + 1 / 2)) */
export const hardSwish: Operator = elementwise("HardSwish", ({ b, x }) => {
  const gate = b.op("HardSigmoid", [x()], { alpha: { float: 1 / 6 }, beta: { float: 0.5 } });
  const slope = b.op("Mul", [inside(b, gate), scalarLike(b, 1 / 6, x())]);
  return b.op("Add", [gate, b.op("Mul", [x(), slope])]);
});
