import type { TensorType, Value } from "../graph/ir.ts";

/**
 * What a target holds:
 * - `class-distribution`: float32 in the shape of the logits, [N,K] or [N,K,H,W]: a distribution over the classes of axis 1;
 * - `class-ids`: int32 [N] or [N,H,W]: the index of the class; where it is none of 0..K-1, nothing is counted;
 * - `multi-label`: float32 in the shape of the logits: 1 where a label holds, 0 where it does not;
 * - `values`: float32 in the shape of the output: the numbers to predict;
 * - `pair`: float32 [N]: 1 for a similar pair, 0 for a dissimilar one;
 * - `none`: there is no target.
 */
export type TargetKind = "class-distribution" | "class-ids" | "multi-label" | "values" | "pair" | "none";

/** The type of a target for these logits; undefined where there is none. */
export function targetType(kind: TargetKind, logits: Value): TensorType | undefined {
  const [rows = 1, , ...places] = logits.shape;
  if (kind === "none") return undefined;
  if (kind === "class-ids") return { dtype: "int32", shape: [rows, ...places] };
  if (kind === "pair") return { dtype: "float32", shape: [rows] };
  return { dtype: "float32", shape: logits.shape };
}
