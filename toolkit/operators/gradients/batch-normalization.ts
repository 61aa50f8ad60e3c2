import { GRADIENT_DOMAIN } from "../../graph/ir.ts";
import type { Operator } from "../../graph/operator.ts";

/**
 * The gradient of BatchNormalizationTraining. Inputs dy, x, scale, mean and variance (of the batch, biased); outputs dx, dscale, dbias.
 * Source: Ioffe and Szegedy 2015, section 3.
 */
export const batchNormalizationGradient: Operator = {
  type: "BatchNormalizationGradient",
  domain: GRADIENT_DOMAIN,
  infer: ({ input, outputCount }) => [input(1), input(2), input(2)].slice(0, outputCount),
};
