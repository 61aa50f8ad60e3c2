import { GraphBuilder } from "../../toolkit/graph/builder.ts";
import type { Attributes, Dim } from "../../toolkit/graph/ir.ts";
import type { TensorData } from "../../toolkit/graph/tensor.ts";
import { operators } from "../../toolkit/operators/index.ts";

/** The shape an operator's rule gives its first output, from shapes of float32 inputs and constants. */
export function shapeOf(
  type: string,
  inputs: readonly (readonly Dim[] | TensorData)[],
  attrs: Attributes = {},
): readonly Dim[] {
  const b = new GraphBuilder(operators);
  const values = inputs.map((v, i) => ("dtype" in v ? b.constant(v) : b.input(`x${i}`, "float32", v)));
  return b.op(type, values, attrs).shape;
}
