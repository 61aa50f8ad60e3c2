import type { Value } from "../graph/ir.ts";
import { expectSetting } from "./expect-setting.ts";
import type { Loss, LossInput } from "./loss.ts";
import { countedRows, extra, sumOverClasses, weightedMean } from "./rows.ts";

export interface TripletMarginOptions {
  /** By how much the negative should be farther away than the positive; 1 where absent. */
  readonly margin?: number;
  /** Added to each component of a difference, as PyTorch does; 1e-6 where absent. */
  readonly epsilon?: number;
  /** Names of the values that hold the features of positives and negatives, [N,F]; "positive" and "negative" where absent. */
  readonly positive?: string;
  readonly negative?: string;
}

/** Keeps the slope of a root finite; far below what a difference of 1e-6 has for a square. */
const SMALLEST_SQUARE = 1e-24;

/**
 * Triplet margin loss of the features of anchors, which are the output, positives and negatives: max(0, |a - p| - |a - n| + margin), Euclidean
 * (Schroff et al. 2015, FaceNet, without the squares; PyTorch's TripletMarginLoss).
 * @throws E_SETTING
 */
export function tripletMargin(options: TripletMarginOptions = {}): Loss {
  const { margin = 1, epsilon = 1e-6, positive = "positive", negative = "negative" } = options;
  const name = "triplet-margin";
  expectSetting(name, "margin", margin, "a number");
  expectSetting(name, "epsilon", epsilon, "a number of 0 or more");
  return {
    name,
    target: "none",
    reads: [positive, negative],
    emit(x) {
      const { b } = x;
      const near = distance(x, extra(x, positive), epsilon);
      const far = distance(x, extra(x, negative), epsilon);
      return weightedMean(x, b.op("Relu", [b.op("Add", [b.op("Sub", [near, far]), b.scalar(margin)])]));
    },
  };
}

function distance(x: LossInput, other: Value, epsilon: number): Value {
  const { b } = x;
  // masked after the constant is added: rows of weight 0 must have no slope
  const difference = countedRows(x, b.op("Add", [b.op("Sub", [x.logits, other]), b.scalar(epsilon)]));
  const square = sumOverClasses(b, b.op("Mul", [difference, difference]));
  return b.op("Sqrt", [b.op("Add", [square, b.scalar(SMALLEST_SQUARE)])]);
}
