import { GRADIENT_DOMAIN } from "../../graph/ir.ts";
import type { Operator } from "../../graph/operator.ts";

/** The part of dy that belongs to operand `index` of a Concat through extents that are not known yet. Inputs dy, and the operands for their shapes alone. */
export const concatGradient: Operator = {
  type: "ConcatGradient",
  domain: GRADIENT_DOMAIN,
  infer: ({ input, attrs }) => [{ dtype: input(0).dtype, shape: input(1 + attrs.int("index", 0)).shape }],
};
