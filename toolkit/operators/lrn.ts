import type { AttributeReader } from "../graph/attributes.ts";
import type { GraphBuilder } from "../graph/builder.ts";
import type { Value } from "../graph/ir.ts";
import type { Operator } from "../graph/operator.ts";
import { reshapeLike, scalarLike } from "./like.ts";
import { sameAsInput } from "./unary.ts";

/** For each element of v [N,C,H,W] the mean over the channels from `before` below to `after` above its own; those beyond the ends are 0. */
function meanAround(b: GraphBuilder, v: Value, before: number, after: number): Value {
  const columns = b.op("Reshape", [v, b.ints([0, 1, Number(v.shape[1]), -1])]);
  const attrs = { kernel_shape: [before + 1 + after, 1], pads: [before, 0, after, 0], count_include_pad: 1 };
  return reshapeLike(b, b.op("AveragePool", [columns], attrs), v);
}

/** bias + alpha / size * (the sum of squares over `size` channels around x's own) */
export function squaresAround(b: GraphBuilder, x: Value, attrs: AttributeReader): Value {
  const [below, above] = reachOf(attrs);
  const squares = meanAround(b, b.op("Mul", [x, x]), below, above);
  const scaled = b.op("Mul", [squares, scalarLike(b, attrs.float("alpha", 1e-4), x)]);
  return b.op("Add", [scaled, scalarLike(b, attrs.float("bias", 1), x)]);
}

function reachOf(attrs: AttributeReader): readonly [number, number] {
  const size = attrs.int("size", 1);
  return [Math.floor((size - 1) / 2), Math.ceil((size - 1) / 2)];
}

/**
 * y = x d^-beta with d = bias + alpha / size * (the sum of squares over `size` channels around x's own).
 * dx = dy d^-beta - 2 alpha beta x * (the sum of dy y / d over those that x is a neighbour of) / size. Source: Krizhevsky et al. 2012, 3.3.
 */
export const lrn: Operator = {
  type: "LRN",
  infer: sameAsInput,
  gradient: ({ b, x, y, dy, attrs }) => [
    () => {
      const [below, above] = reachOf(attrs);
      const [alpha, beta] = [attrs.float("alpha", 1e-4), attrs.float("beta", 0.75)];
      const base = squaresAround(b, x(), attrs);
      const direct = b.op("Mul", [dy(), b.op("Pow", [base, scalarLike(b, -beta, x())])]);
      const shares = meanAround(b, b.op("Div", [b.op("Mul", [dy(), y()]), base]), above, below);
      const through = b.op("Mul", [b.op("Mul", [x(), shares]), scalarLike(b, 2 * alpha * beta, x())]);
      return b.op("Sub", [direct, through]);
    },
  ],
};
