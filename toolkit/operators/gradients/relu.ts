import { GRADIENT_DOMAIN } from "../../graph/ir.ts";
import type { Operator } from "../../graph/operator.ts";

/** Inputs dy and y: dy where y > 0, else 0. */
export const reluGradient: Operator = {
  type: "ReluGradient",
  domain: GRADIENT_DOMAIN,
  infer: ({ input }) => [input(0)],
};
