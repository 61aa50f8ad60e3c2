import type { GraphBuilder } from "../graph/builder.ts";
import type { Value } from "../graph/ir.ts";
import type { Operator } from "../graph/operator.ts";
import { scalarLike } from "./like.ts";
import { elementwise } from "./unary.ts";

/** v^2 + offset */
function squarePlus(b: GraphBuilder, v: Value, offset: number): Value {
  return b.op("Add", [b.op("Mul", [v, v]), scalarLike(b, offset, v)]);
}

/** 1 - v^2 */
function oneLessSquare(b: GraphBuilder, v: Value): Value {
  return b.op("Sub", [scalarLike(b, 1, v), b.op("Mul", [v, v])]);
}

function inverseRoot(b: GraphBuilder, v: Value): Value {
  return b.op("Reciprocal", [b.op("Sqrt", [v])]);
}

export const sin: Operator = elementwise("Sin", ({ b, x }) => b.op("Cos", [x()]));
export const cos: Operator = elementwise("Cos", ({ b, x }) => b.op("Neg", [b.op("Sin", [x()])]));
export const tan: Operator = elementwise("Tan", ({ b, y }) => squarePlus(b, y(), 1));
export const asin: Operator = elementwise("Asin", ({ b, x }) => inverseRoot(b, oneLessSquare(b, x())));
export const acos: Operator = elementwise("Acos", ({ b, x }) => b.op("Neg", [inverseRoot(b, oneLessSquare(b, x()))]));
export const atan: Operator = elementwise("Atan", ({ b, x }) => b.op("Reciprocal", [squarePlus(b, x(), 1)]));
export const sinh: Operator = elementwise("Sinh", ({ b, x }) => b.op("Cosh", [x()]));
export const cosh: Operator = elementwise("Cosh", ({ b, x }) => b.op("Sinh", [x()]));
export const asinh: Operator = elementwise("Asinh", ({ b, x }) => inverseRoot(b, squarePlus(b, x(), 1)));
export const acosh: Operator = elementwise("Acosh", ({ b, x }) => inverseRoot(b, squarePlus(b, x(), -1)));
export const atanh: Operator = elementwise("Atanh", ({ b, x }) => b.op("Reciprocal", [oneLessSquare(b, x())]));
