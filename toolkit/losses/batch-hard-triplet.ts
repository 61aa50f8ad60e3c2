import { expectSetting } from "./expect-setting.ts";
import type { Loss } from "./loss.ts";
import { classPairs, pairCount, pairwiseDistances } from "./pairs.ts";
import { weightedMean } from "./rows.ts";

export interface BatchHardTripletOptions {
  /** By how much the nearest negative should be farther away than the farthest positive, or "soft": log(1 + exp(gap)). 0.2 where absent. */
  readonly margin?: number | "soft";
}

/** Farther than any two rows: what a row of the anchor's own class counts among negatives. */
const FAR = 1e30;

/**
 * Triplets mined in the batch: for each row, its farthest row of the same class and its nearest of another, max(0, margin + far - near)
 * (Hermans et al. 2017, In Defense of the Triplet Loss, equation 5). The output holds features [N,F], the target class indices [N].
 * A row without positive or negative in the batch adds 0; rows of weight 0 are neither.
 * @throws E_SETTING
 */
export function batchHardTriplet({ margin = 0.2 }: BatchHardTripletOptions = {}): Loss {
  const name = "batch-hard-triplet";
  if (margin !== "soft") expectSetting(name, "margin", margin, "a number");
  return {
    name,
    target: "class-ids",
    emit(x) {
      const { b } = x;
      const distances = pairwiseDistances(x);
      const { same, other } = classPairs(x);
      const farthest = b.op("ReduceMax", [b.op("Where", [same, distances, b.scalar(0)])], { axes: [1], keepdims: 0 });
      const nearest = b.op("ReduceMin", [b.op("Where", [other, distances, b.scalar(FAR)])], { axes: [1], keepdims: 0 });
      const gap = b.op("Sub", [farthest, nearest]);
      const losses = margin === "soft" ? b.op("Softplus", [gap]) : b.op("Relu", [b.op("Add", [gap, b.scalar(margin)])]);
      // a row is of its own class as well
      const isTriplet = b.op("And", [
        b.op("Greater", [pairCount(x, same), b.scalar(1.5)]),
        b.op("Greater", [pairCount(x, other), b.scalar(0.5)]),
      ]);
      return weightedMean(x, b.op("Where", [isTriplet, losses, b.scalar(0)]));
    },
  };
}
