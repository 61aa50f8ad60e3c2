import type { GraphBuilder } from "../../../graph/builder.ts";
import type { Attributes, Value } from "../../../graph/ir.ts";

/** The domain of ONNX Runtime's operators on blocked pictures. */
export const BLOCKED_DOMAIN = "com.microsoft.nchwc";

/** Writes one of ONNX Runtime's operators on blocked pictures, all of which have one output. */
export function blockedOp(
  b: GraphBuilder,
  type: string,
  inputs: readonly (Value | undefined)[],
  attrs: Attributes = {},
): Value {
  return b.op(type, inputs, attrs, { domain: BLOCKED_DOMAIN });
}

/** A value read in other extents: nothing moves. */
export function view(b: GraphBuilder, v: Value, shape: readonly number[]): Value {
  const same = v.shape.length === shape.length && v.shape.every((dim, i) => dim === shape[i]);
  return same ? v : b.op("Reshape", [v, b.ints(shape)]);
}
