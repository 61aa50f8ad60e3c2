import { GRADIENT_DOMAIN } from "../../graph/ir.ts";
import type { Operator } from "../../graph/operator.ts";

/** Inputs dy, w and x; attributes those of Conv. The gradient of x, which is read for its shape alone. */
export const convInputGradient: Operator = {
  type: "ConvInputGradient",
  domain: GRADIENT_DOMAIN,
  infer: ({ input }) => [{ dtype: input(0).dtype, shape: input(2).shape }],
};

/** Inputs dy, x and w; attributes those of Conv. The gradient of w, which is read for its shape alone. */
export const convWeightGradient: Operator = {
  type: "ConvWeightGradient",
  domain: GRADIENT_DOMAIN,
  infer: ({ input }) => [{ dtype: input(0).dtype, shape: input(2).shape }],
};
