import type { Loss } from "./loss.ts";
import { countedRows, weightedMean } from "./rows.ts";

/** Absolute error (L1), mean over the elements of a row: |prediction - target|, with slope 0 where they are equal. */
export function meanAbsoluteError(): Loss {
  return {
    name: "mean-absolute-error",
    target: "values",
    emit(x) {
      const difference = countedRows(x, x.b.op("Sub", [x.logits, x.target]));
      return weightedMean(x, x.b.op("Abs", [difference]));
    },
  };
}
