import type { Loss } from "./loss.ts";

/**
 * A loss of numbers some of which are not known: where the target is NaN the prediction counts as right. The mean is still that of all elements of a row, so
 * that each known number counts alike, wherever others are missing.
 */
export function knownOnly(loss: Loss): Loss {
  return {
    ...loss,
    emit(x) {
      const { b } = x;
      const isMissing = b.op("IsNaN", [x.target]);
      const known = { logits: b.op("Where", [isMissing, b.scalar(0), x.logits]) };
      return loss.emit({ ...x, ...known, target: b.op("Where", [isMissing, b.scalar(0), x.target]) });
    },
  };
}
