import type { Value } from "../graph/ir.ts";
import { expectSetting } from "./expect-setting.ts";
import type { Loss, LossInput } from "./loss.ts";
import { classPairs, pairCount, pairwiseDistances } from "./pairs.ts";
import { weightedMean } from "./rows.ts";

export interface BatchContrastiveOptions {
  /** How far apart rows of different classes should be; 1 where absent. */
  readonly margin?: number;
}

/**
 * Contrastive loss of all pairs of a batch: for each row, half of the mean of d^2 over the others of its class and of max(0, margin - d)^2 over those of other
 * classes, d Euclidean (Hadsell et al. 2006, equation 4; averaged apart, or the many pairs of different classes would drown the few of one).
 * The output holds features [N,F], the target class indices [N]. What a row has no pair for adds 0; rows of weight 0 are in no pair.
 * @throws E_SETTING
 */
export function batchContrastive({ margin = 1 }: BatchContrastiveOptions = {}): Loss {
  const name = "batch-contrastive";
  expectSetting(name, "margin", margin, "a number above 0");
  return {
    name,
    target: "class-ids",
    emit(x) {
      const { b } = x;
      const distances = pairwiseDistances(x);
      const { same, other } = classPairs(x);
      const lack = b.op("Relu", [b.op("Sub", [b.scalar(margin), distances])]);
      // a row is 0 away from itself, which adds nothing to the sum but one to the count
      const near = meanOver(x, same, distances, b.op("Sub", [pairCount(x, same), b.scalar(1)]));
      const far = meanOver(x, other, lack, pairCount(x, other));
      return weightedMean(x, b.op("Mul", [b.op("Add", [near, far]), b.scalar(0.5)]));
    },
  };
}

/** The mean of the squares of each row's pairs, [N]; 0 for a row that has none. */
function meanOver({ b }: LossInput, isPair: Value, v: Value, count: Value): Value {
  const squares = b.op("Where", [isPair, b.op("Mul", [v, v]), b.scalar(0)]);
  const sum = b.op("ReduceSum", [squares, b.ints([1])], { keepdims: 0 });
  return b.op("Div", [sum, b.op("Max", [count, b.scalar(1)])]);
}
