import type { Value } from "../graph/ir.ts";
import { expectSetting } from "./expect-setting.ts";
import type { Loss, LossInput } from "./loss.ts";
import { classPairs, pairwiseDistances } from "./pairs.ts";
import { weightedMean } from "./rows.ts";

export interface BatchAllTripletOptions {
  /** By how much negatives should be farther away than positives; 0.2 where absent. */
  readonly margin?: number;
}

/**
 * All triplets of a batch: for each row, the mean of max(0, margin + near - far) over the pairs of another row of its class, at the distance `near`, and a row of
 * another class, at `far`, for which it is not 0 (Hermans et al. 2017, equation 6, without the zeros). Starts a new net where `batchHardTriplet` would draw all rows to one point.
 * The output holds features [N,F], the target class indices [N]; memory grows with N^3. Rows of weight 0 are in no triplet.
 * @throws E_SETTING
 */
export function batchAllTriplet({ margin = 0.2 }: BatchAllTripletOptions = {}): Loss {
  const name = "batch-all-triplet";
  expectSetting(name, "margin", margin, "a number");
  return {
    name,
    target: "class-ids",
    emit(x) {
      const { b } = x;
      const distances = pairwiseDistances(x);
      const { same, other } = classPairs(x);
      const positive = b.op("And", [same, b.op("Not", [isItself(x)])]);
      // [anchor, positive, negative]
      const isTriplet = b.op("And", [
        b.op("Unsqueeze", [positive, b.ints([2])]),
        b.op("Unsqueeze", [other, b.ints([1])]),
      ]);
      const gaps = b.op("Sub", [
        b.op("Unsqueeze", [distances, b.ints([2])]),
        b.op("Unsqueeze", [distances, b.ints([1])]),
      ]);
      const losses = b.op("Relu", [b.op("Where", [isTriplet, b.op("Add", [gaps, b.scalar(margin)]), b.scalar(0)])]);
      const counts = b.op("Where", [b.op("Greater", [losses, b.scalar(0)]), b.scalar(1), b.scalar(0)]);
      const sum = (v: Value): Value => b.op("ReduceSum", [v, b.ints([1, 2])], { keepdims: 0 });
      return weightedMean(x, b.op("Div", [sum(losses), b.op("Max", [sum(counts), b.scalar(1)])]));
    },
  };
}

/** Which pairs are a row and itself, [N,N]. */
function isItself({ b, weight }: LossInput): Value {
  const ones = b.op("Where", [b.op("Equal", [weight, b.scalar(0)]), b.scalar(1), b.scalar(1)]);
  const places = b.op("CumSum", [ones, b.constant({ dtype: "int64", shape: [], data: BigInt64Array.of(0n) })]);
  return b.op("Equal", [b.op("Unsqueeze", [places, b.ints([1])]), b.op("Unsqueeze", [places, b.ints([0])])]);
}
