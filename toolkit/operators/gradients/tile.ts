import { GRADIENT_DOMAIN } from "../../graph/ir.ts";
import type { Operator } from "../../graph/operator.ts";

/** For a Tile whose repeats or extents are not known yet. Inputs dy, x (for its shape alone), repeats. */
export const tileGradient: Operator = {
  type: "TileGradient",
  domain: GRADIENT_DOMAIN,
  infer: ({ input }) => [{ dtype: input(0).dtype, shape: input(1).shape }],
};
