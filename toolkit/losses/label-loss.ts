import type { Value } from "../graph/ir.ts";
import type { Loss, LossInput } from "./loss.ts";
import { countedRows, weightedMean } from "./rows.ts";

/** A loss of labels that may hold or not: the mean over them of what `each` makes of the logits, which are zero in the rows of weight 0. */
export function labelLoss(name: string, each: (x: LossInput, z: Value) => Value): Loss {
  return { name, target: "multi-label", emit: (x) => weightedMean(x, each(x, countedRows(x, x.logits))) };
}
