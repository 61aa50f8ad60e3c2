import { GRADIENT_DOMAIN } from "../../graph/ir.ts";
import type { Operator } from "../../graph/operator.ts";

/**
 * The gradient of an operator whose result is made of elements of its first input x, for any such operator.
 * Inputs dy, x (for its shape alone), and the operator's inputs from the second on; attributes those of the operator, and `operator` its type.
 */
export const movedGradient: Operator = {
  type: "MovedGradient",
  domain: GRADIENT_DOMAIN,
  infer: ({ input }) => [{ dtype: input(0).dtype, shape: input(1).shape }],
};
