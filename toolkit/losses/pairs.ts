import type { Value } from "../graph/ir.ts";
import type { LossInput } from "./loss.ts";
import { countedRows } from "./rows.ts";

/** Keeps the slope of a root finite where two rows are equal. */
const EPSILON = 1e-12;

/** Euclidean distances of all pairs of rows, [N,N]; from the differences, as the product form cancels where rows are close. */
export function pairwiseDistances(x: LossInput): Value {
  const { b } = x;
  const features = countedRows(x, x.logits);
  const difference = b.op("Sub", [
    b.op("Unsqueeze", [features, b.ints([1])]),
    b.op("Unsqueeze", [features, b.ints([0])]),
  ]);
  const square = b.op("ReduceSum", [b.op("Mul", [difference, difference]), b.ints([2])], { keepdims: 0 });
  return b.op("Sqrt", [b.op("Add", [square, b.scalar(EPSILON)])]);
}

/** Which pairs of counted rows are of one class, each row and itself among them, and which are not, [N,N]; the target holds class indices. */
export function classPairs({ b, target, weight }: LossInput): { readonly same: Value; readonly other: Value } {
  const counts = b.op("Not", [b.op("Equal", [weight, b.scalar(0)])]);
  const both = b.op("And", [b.op("Unsqueeze", [counts, b.ints([1])]), b.op("Unsqueeze", [counts, b.ints([0])])]);
  const equal = b.op("Equal", [b.op("Unsqueeze", [target, b.ints([1])]), b.op("Unsqueeze", [target, b.ints([0])])]);
  return { same: b.op("And", [both, equal]), other: b.op("And", [both, b.op("Not", [equal])]) };
}

/** How many pairs each row is part of, [N]. */
export function pairCount({ b }: LossInput, isPair: Value): Value {
  return b.op("ReduceSum", [b.op("Where", [isPair, b.scalar(1), b.scalar(0)]), b.ints([1])], { keepdims: 0 });
}
