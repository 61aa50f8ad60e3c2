import type { InferInput, Operator } from "../graph/operator.ts";
import type { TensorType } from "../graph/ir.ts";
import { broadcastShapes } from "../graph/shape.ts";
import { toNumbers } from "../graph/tensor.ts";
import { elementTypeNumber } from "../graph/element-type.ts";
import { scalarLike, zerosLike } from "./like.ts";

/** The type of an elementwise operator: the first input's element type, all shapes broadcast. */
export function broadcastInputs({ inputs, input, where }: InferInput): readonly [TensorType] {
  const shape = inputs.reduce<TensorType["shape"]>((all, t) => (t ? broadcastShapes(all, t.shape, where) : all), []);
  return [{ dtype: input(0).dtype, shape }];
}

export const add: Operator = {
  type: "Add",
  infer: broadcastInputs,
  gradient: ({ dy }) => [() => dy(), () => dy()],
};

export const sub: Operator = {
  type: "Sub",
  infer: broadcastInputs,
  gradient: ({ b, dy }) => [() => dy(), () => b.op("Neg", [dy()])],
};

export const mul: Operator = {
  type: "Mul",
  infer: broadcastInputs,
  gradient: ({ b, x, dy }) => [() => b.op("Mul", [dy(), x(1)]), () => b.op("Mul", [dy(), x(0)])],
};

export const div: Operator = {
  type: "Div",
  infer: broadcastInputs,
  gradient: ({ b, x, y, dy }) => {
    const scaled = () => b.op("Div", [dy(), x(1)]);
    return [scaled, () => b.op("Neg", [b.op("Mul", [scaled(), y()])])];
  },
};

export const pow: Operator = {
  type: "Pow",
  infer: broadcastInputs,
  gradient: ({ b, x, y, dy }) => [
    () => {
      const base = x(0);
      const known = b.constantOf(x(1));
      const exponents = known ? toNumbers(known) : [];
      const [p] = exponents;
      if (p !== undefined && exponents.length === 1) {
        if (p === 0) return zerosLike(b, base);
        const power = p === 2 ? base : b.op("Pow", [base, scalarLike(b, p - 1, base)]);
        return b.op("Mul", [dy(), b.op("Mul", [scalarLike(b, p, base), power])]);
      }
      const exponent = x(1).dtype === base.dtype ? x(1) : b.op("Cast", [x(1)], { to: elementTypeNumber(base.dtype) });
      const power = b.op("Pow", [base, b.op("Sub", [exponent, scalarLike(b, 1, base)])]);
      const slope = b.op("Mul", [exponent, power]);
      // 0^-1 is infinite, but x^0 does not change anywhere
      const still = b.op("Equal", [exponent, scalarLike(b, 0, base)]);
      return b.op("Mul", [dy(), b.op("Where", [still, scalarLike(b, 0, base), slope])]);
    },
    () => {
      // a base of 0 has log -inf, but its power does not change with a positive exponent
      const one = scalarLike(b, 1, x());
      const positive = b.op("Where", [b.op("Greater", [x(), scalarLike(b, 0, x())]), x(), one]);
      return b.op("Mul", [dy(), b.op("Mul", [y(), b.op("Log", [positive])])]);
    },
  ],
};
