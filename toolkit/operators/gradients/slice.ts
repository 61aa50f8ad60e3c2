import { GRADIENT_DOMAIN } from "../../graph/ir.ts";
import type { Operator } from "../../graph/operator.ts";

/** For a Slice through an extent that is not known yet. Inputs dy, x (for its shape alone), and what Slice has from its second input on. */
export const sliceGradient: Operator = {
  type: "SliceGradient",
  domain: GRADIENT_DOMAIN,
  infer: ({ input }) => [{ dtype: input(0).dtype, shape: input(1).shape }],
};
