import type { Operator } from "../graph/operator.ts";
import { broadcastInputs } from "./arithmetic.ts";
import { scalarLike } from "./like.ts";
import { elementwise } from "./unary.ts";

export const leakyRelu: Operator = elementwise("LeakyRelu", ({ b, x, attrs }) =>
  b.op("Where", [
    b.op("Greater", [x(), scalarLike(b, 0, x())]),
    scalarLike(b, 1, x()),
    scalarLike(b, attrs.float("alpha", 0.01), x()),
  ]),
);

/** y = x where x > 0, else slope * x, with a slope that may broadcast and be learned. */
export const pRelu: Operator = {
  type: "PRelu",
  infer: broadcastInputs,
  gradient: ({ b, x, dy }) => {
    const positive = () => b.op("Greater", [x(), scalarLike(b, 0, x())]);
    return [
      () => b.op("Mul", [dy(), b.op("Where", [positive(), scalarLike(b, 1, x()), x(1)])]),
      () => b.op("Mul", [dy(), b.op("Where", [positive(), scalarLike(b, 0, x()), x()])]),
    ];
  },
};

/** y = x where x > 0, else alpha (exp(x) - 1), whose slope is y + alpha. */
export const elu: Operator = elementwise("Elu", ({ b, x, y, attrs }) =>
  b.op("Where", [
    b.op("Greater", [x(), scalarLike(b, 0, x())]),
    scalarLike(b, 1, x()),
    b.op("Add", [y(), scalarLike(b, attrs.float("alpha", 1), x())]),
  ]),
);

/** y = x where x > 0, else alpha (exp(x / alpha) - 1), whose slope is y / alpha + 1. */
export const celu: Operator = elementwise("Celu", ({ b, x, y, attrs }) =>
  b.op("Where", [
    b.op("Greater", [x(), scalarLike(b, 0, x())]),
    scalarLike(b, 1, x()),
    b.op("Add", [b.op("Div", [y(), scalarLike(b, attrs.float("alpha", 1), y())]), scalarLike(b, 1, y())]),
  ]),
);

/** y = gamma x where x > 0, else gamma alpha (exp(x) - 1), whose slope is y + gamma alpha. */
export const selu: Operator = elementwise("Selu", ({ b, x, y, attrs }) => {
  const gamma = attrs.float("gamma", 1.0507009873554805);
  const alpha = attrs.float("alpha", 1.6732632423543772);
  return b.op("Where", [
    b.op("Greater", [x(), scalarLike(b, 0, x())]),
    scalarLike(b, gamma, x()),
    b.op("Add", [y(), scalarLike(b, gamma * alpha, x())]),
  ]);
});
