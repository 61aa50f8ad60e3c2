import type { Value } from "../graph/ir.ts";
import { expectSetting } from "./expect-setting.ts";
import type { Loss, LossInput } from "./loss.ts";
import { countedRows, weightedMean } from "./rows.ts";

export interface BatchHardTripletOptions {
  /** By how much the nearest negative should be farther away than the farthest positive, or "soft": log(1 + exp(gap)). 0.2 where absent. */
  readonly margin?: number | "soft";
}

/** Keeps the slope of a root finite where two rows are equal. */
const EPSILON = 1e-12;
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
      const distances = pairwise(x);
      const { same, other } = pairs(x);
      const farthest = b.op("ReduceMax", [b.op("Where", [same, distances, b.scalar(0)])], { axes: [1], keepdims: 0 });
      const nearest = b.op("ReduceMin", [b.op("Where", [other, distances, b.scalar(FAR)])], { axes: [1], keepdims: 0 });
      const gap = b.op("Sub", [farthest, nearest]);
      const losses = margin === "soft" ? b.op("Softplus", [gap]) : b.op("Relu", [b.op("Add", [gap, b.scalar(margin)])]);
      // a row is of its own class as well
      const isTriplet = b.op("And", [
        b.op("Greater", [count(x, same), b.scalar(1.5)]),
        b.op("Greater", [count(x, other), b.scalar(0.5)]),
      ]);
      return weightedMean(x, b.op("Where", [isTriplet, losses, b.scalar(0)]));
    },
  };
}

/** Euclidean distances of all pairs of rows, [N,N]; from the differences, as the product form cancels where rows are close. */
function pairwise(x: LossInput): Value {
  const { b } = x;
  const features = countedRows(x, x.logits);
  const difference = b.op("Sub", [
    b.op("Unsqueeze", [features, b.ints([1])]),
    b.op("Unsqueeze", [features, b.ints([0])]),
  ]);
  const square = b.op("ReduceSum", [b.op("Mul", [difference, difference]), b.ints([2])], { keepdims: 0 });
  return b.op("Sqrt", [b.op("Add", [square, b.scalar(EPSILON)])]);
}

/** Which pairs of counted rows are of one class, and which are not, [N,N]. */
function pairs({ b, target, weight }: LossInput): { readonly same: Value; readonly other: Value } {
  const counts = b.op("Not", [b.op("Equal", [weight, b.scalar(0)])]);
  const both = b.op("And", [b.op("Unsqueeze", [counts, b.ints([1])]), b.op("Unsqueeze", [counts, b.ints([0])])]);
  const equal = b.op("Equal", [b.op("Unsqueeze", [target, b.ints([1])]), b.op("Unsqueeze", [target, b.ints([0])])]);
  return { same: b.op("And", [both, equal]), other: b.op("And", [both, b.op("Not", [equal])]) };
}

/** How many pairs each row is part of, [N]. */
function count({ b }: LossInput, isPair: Value): Value {
  return b.op("ReduceSum", [b.op("Where", [isPair, b.scalar(1), b.scalar(0)]), b.ints([1])], { keepdims: 0 });
}
