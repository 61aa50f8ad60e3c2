import { scalarLike } from "../../../operators/like.ts";
import type { Formulation } from "../../formulation.ts";
import { lacksKernel } from "./lacks-kernel.ts";

/** alpha elu(x / alpha) */
const celuOfElu: Formulation = {
  name: "celu-scaled-elu",
  serves: () => true,
  pays: lacksKernel,
  write: ({ b, x, attrs }) => {
    const alpha = scalarLike(b, attrs.float("alpha", 1), x());
    return [b.op("Mul", [b.op("Elu", [b.op("Div", [x(), alpha])]), alpha])];
  },
};

/** gamma elu(x), with the slope of Selu */
const seluOfElu: Formulation = {
  name: "selu-scaled-elu",
  serves: () => true,
  pays: lacksKernel,
  write: ({ b, x, attrs }) => {
    const elu = b.op("Elu", [x()], { alpha: { float: attrs.float("alpha", 1.6732632423543772) } });
    return [b.op("Mul", [elu, scalarLike(b, attrs.float("gamma", 1.0507009873554805), x())])];
  },
};

/** x / (1 + |x|) */
const softsignOfAbs: Formulation = {
  name: "softsign-quotient",
  serves: () => true,
  pays: lacksKernel,
  write: ({ b, x }) => [b.op("Div", [x(), b.op("Add", [b.op("Abs", [x()]), scalarLike(b, 1, x())])])],
};

/** x + bias below -lambda, x - bias above lambda, else 0 */
const shrinkOfChoices: Formulation = {
  name: "shrink-choices",
  serves: () => true,
  pays: lacksKernel,
  write: ({ b, x, attrs }) => {
    const [lambda, bias] = [attrs.float("lambd", 0.5), scalarLike(b, attrs.float("bias", 0), x())];
    const above = b.op("Greater", [x(), scalarLike(b, lambda, x())]);
    const below = b.op("Less", [x(), scalarLike(b, -lambda, x())]);
    const otherwise = b.op("Where", [below, b.op("Add", [x(), bias]), scalarLike(b, 0, x())]);
    return [b.op("Where", [above, b.op("Sub", [x(), bias]), otherwise])];
  },
};

export const celu: readonly Formulation[] = [celuOfElu];
export const selu: readonly Formulation[] = [seluOfElu];
export const softsign: readonly Formulation[] = [softsignOfAbs];
export const shrink: readonly Formulation[] = [shrinkOfChoices];
