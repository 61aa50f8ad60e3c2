import type { GraphBuilder } from "../graph/builder.ts";
import type { Value } from "../graph/ir.ts";

/** Extents are below 2^31; ONNX files write "to the end" as a larger number. */
export const TO_THE_END: number = 2 ** 31 - 1;

/** The elements `start` to `end` along `axis`; a negative place counts from the end. */
export function cut(b: GraphBuilder, v: Value, axis: number, start: number, end: number = TO_THE_END): Value {
  if (start === 0 && end === TO_THE_END) return v;
  return b.op("Slice", [v, b.ints([start]), b.ints([end]), b.ints([axis])]);
}

/** The elements along `axis` from the last to the first. */
export function backwards(b: GraphBuilder, v: Value, axis: number): Value {
  return b.op("Slice", [v, b.ints([-1]), b.ints([-TO_THE_END]), b.ints([axis]), b.ints([-1])]);
}

/** Pieces one behind the other along `axis`; those known to be empty are left out. */
export function join(b: GraphBuilder, pieces: readonly Value[], axis: number): Value {
  const filled = pieces.filter((v) => v.shape[axis] !== 0);
  const [only] = filled;
  return only && filled.length === 1 ? only : b.op("Concat", filled, { axis });
}
