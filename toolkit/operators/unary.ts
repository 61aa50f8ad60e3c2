import type { GradientInput, InferInput, Operator } from "../graph/operator.ts";
import type { TensorType, Value } from "../graph/ir.ts";
import { scalarLike } from "./like.ts";

/** The type of an operator that works element by element on its first input. */
export function sameAsInput({ input }: InferInput): readonly [TensorType] {
  return [input(0)];
}

/** An elementwise operator whose gradient is dy times `slope`. */
export function elementwise(type: string, slope: (g: GradientInput) => Value): Operator {
  return { type, infer: sameAsInput, gradient: (g) => [() => g.b.op("Mul", [g.dy(), slope(g)])] };
}

export const neg: Operator = { type: "Neg", infer: sameAsInput, gradient: ({ b, dy }) => [() => b.op("Neg", [dy()])] };
export const exp: Operator = elementwise("Exp", ({ y }) => y());
export const abs: Operator = elementwise("Abs", ({ b, x }) => b.op("Sign", [x()]));
export const log: Operator = {
  type: "Log",
  infer: sameAsInput,
  gradient: ({ b, x, dy }) => [() => b.op("Div", [dy(), x()])],
};
export const sqrt: Operator = elementwise("Sqrt", ({ b, y }) => b.op("Div", [scalarLike(b, 0.5, y()), y()]));
export const reciprocal: Operator = elementwise("Reciprocal", ({ b, y }) => b.op("Neg", [b.op("Mul", [y(), y()])]));

/** d erf(x) / dx = 2 / sqrt(pi) exp(-x^2) */
export const erf: Operator = elementwise("Erf", ({ b, x }) => {
  const square = b.op("Neg", [b.op("Mul", [x(), x()])]);
  return b.op("Mul", [b.op("Exp", [square]), scalarLike(b, 2 / Math.sqrt(Math.PI), x())]);
});
