import { GRADIENT_DOMAIN } from "../../graph/ir.ts";
import type { Operator } from "../../graph/operator.ts";

/** Inputs dy, x and y; attributes those of MaxPool. Of equal largest elements the first in row-major order gets the gradient. */
export const maxPoolGradient: Operator = {
  type: "MaxPoolGradient",
  domain: GRADIENT_DOMAIN,
  infer: ({ input }) => [input(1)],
};

/** Inputs dy and x, which is read for its shape alone; attributes those of AveragePool. */
export const averagePoolGradient: Operator = {
  type: "AveragePoolGradient",
  domain: GRADIENT_DOMAIN,
  infer: ({ input }) => [input(1)],
};
