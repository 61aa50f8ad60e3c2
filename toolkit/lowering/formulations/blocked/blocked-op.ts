import type { GraphBuilder } from "../../../graph/builder.ts";
import type { Attributes, Value } from "../../../graph/ir.ts";
import { sameShape } from "../../../graph/shape.ts";

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
  return sameShape(v.shape, shape) ? v : b.op("Reshape", [v, b.ints(shape)]);
}
