import { GRADIENT_DOMAIN } from "../../graph/ir.ts";
import type { TensorType } from "../../graph/ir.ts";
import type { InferInput, Operator } from "../../graph/operator.ts";

/** The first input's element type in the shape of the second, which is read for its shape alone. */
function shapedLike({ input }: InferInput): readonly TensorType[] {
  return [{ dtype: input(0).dtype, shape: input(1).shape }];
}

/** Reshape to the shape of another value, whose extents may be names. */
export const reshapeLike: Operator = { type: "ReshapeLike", domain: GRADIENT_DOMAIN, infer: shapedLike };

/** Expand to the shape of another value, whose extents may be names. */
export const expandLike: Operator = { type: "ExpandLike", domain: GRADIENT_DOMAIN, infer: shapedLike };
