import type { Loss } from "./loss.ts";
import { countedRows, weightedMean } from "./rows.ts";

/** Squared error, mean over the elements of a row: (prediction - target)^2. */
export function meanSquaredError(): Loss {
  return {
    name: "mean-squared-error",
    target: "values",
    emit(x) {
      const difference = countedRows(x, x.b.op("Sub", [x.logits, x.target]));
      return weightedMean(x, x.b.op("Mul", [difference, difference]));
    },
  };
}
