import type { GraphBuilder } from "../graph/builder.ts";
import type { Value } from "../graph/ir.ts";

/** The Euclidean norm of all elements of all values, a scalar. */
export function globalNorm(b: GraphBuilder, values: readonly Value[]): Value {
  const squares = values.map((v) => b.op("ReduceSum", [b.op("Mul", [v, v])], { keepdims: 0 }));
  return b.op("Sqrt", [squares.reduce((sum, v) => b.op("Add", [sum, v]), b.scalar(0))]);
}
