import { GRADIENT_DOMAIN } from "../../graph/ir.ts";
import type { Operator } from "../../graph/operator.ts";

/** Inputs dy, x (for its shape alone), scales, sizes; attributes of Resize. */
export const resizeGradient: Operator = {
  type: "ResizeGradient",
  domain: GRADIENT_DOMAIN,
  infer: ({ input }) => [{ dtype: input(0).dtype, shape: input(1).shape }],
};
