import type { Value } from "../graph/ir.ts";
import { tensor } from "../graph/tensor.ts";
import { expectSetting } from "./expect-setting.ts";
import type { Loss, LossInput } from "./loss.ts";
import { classesOf, countedRows, perClass, sumOverClasses, weightedMean } from "./rows.ts";

export interface CrossEntropyOptions {
  /** Share of the target spread evenly over all classes (Szegedy et al. 2016, section 7). */
  readonly labelSmoothing?: number;
  /** A weight per class, multiplied into the columns of the (smoothed) target. */
  readonly classWeights?: readonly number[];
  /** Whether class weights are averaged over as well, as PyTorch's reduction "mean" does for labels: sum(w[y] loss) / sum(w[y]). True where absent. */
  readonly divideByClassWeights?: boolean;
  /** A distribution [N,K] or [N,K,H,W], or the indices of the classes, [N] or [N,H,W]: of those, pixels of no class are left out of the mean. */
  readonly target?: "class-distribution" | "class-ids";
}

/** A mean class weight of 0 (no pixel of any class) gives a loss of 0. */
const SMALLEST_SHARE = 1e-12;

/**
 * Softmax cross-entropy over soft targets: sum over rows of weight * -sum_k target_k * log softmax(logits)_k, over the divisor;
 * per pixel, the mean over the pixels of a row. Label smoothing s replaces the target by (1 - s) * target + s / K, as PyTorch does.
 * @throws E_SETTING
 */
export function softmaxCrossEntropy(options: CrossEntropyOptions = {}): Loss {
  const {
    labelSmoothing = 0,
    classWeights,
    divideByClassWeights = true,
    target: kind = "class-distribution",
  } = options;
  const name = "softmax-cross-entropy";
  expectSetting(name, "labelSmoothing", labelSmoothing, "a number from 0 to 1");
  if (classWeights) expectSetting(name, "classWeights", classWeights, "a number of 0 or more");
  return {
    name,
    target: kind,
    emit(x) {
      const { b } = x;
      const logits = countedRows(x, x.logits);
      const target = kind === "class-ids" ? oneHot(x) : countedRows(x, x.target);
      const smoothed = labelSmoothing === 0 ? target : smooth(x, target, labelSmoothing, kind === "class-ids");
      const weights = classWeights && perClass(b, "classWeights", classWeights, x.logits);
      const weighted = weights ? b.op("Mul", [smoothed, weights]) : smoothed;
      const log = b.op("LogSoftmax", [logits], { axis: 1 });
      const mean = weightedMean(x, b.op("Neg", [sumOverClasses(b, b.op("Mul", [weighted, log]))]));
      if (kind !== "class-ids" && !(weights && divideByClassWeights)) return mean;
      const counted = weights && divideByClassWeights ? b.op("Mul", [target, weights]) : target;
      return b.op("Div", [mean, meanShare(x, sumOverClasses(b, counted))]);
    },
  };
}

/** (1 - s) * target + s / K; a pixel of no class keeps its zeros. */
function smooth({ b, logits }: LossInput, target: Value, share: number, keepsEmpty: boolean): Value {
  const even = b.scalar(share / classesOf(logits));
  const spread = keepsEmpty ? b.op("Mul", [b.op("ReduceSum", [target, b.ints([1])]), even]) : even;
  return b.op("Add", [b.op("Mul", [target, b.scalar(1 - share)]), spread]);
}

/** Indices [N] or [N,H,W] as rows of one 1 each, in the shape of the logits; zeros for an index that is no class. */
function oneHot({ b, logits, target }: LossInput): Value {
  const classes = classesOf(logits);
  const shape = [classes, ...logits.shape.slice(2).map(() => 1)];
  const indices = b.constant(
    tensor(
      "int32",
      shape,
      Int32Array.from({ length: classes }, (_, k) => k),
    ),
  );
  const isClass = b.op("Equal", [b.op("Unsqueeze", [target, b.ints([1])]), indices]);
  return b.op("Where", [isClass, b.scalar(1), b.scalar(0)]);
}

/** Sum of weight times what a row's pixels count, over the sum of weights: the loss was divided by the latter and is to be by the former. */
function meanShare(x: LossInput, counts: Value): Value {
  const { b, weight } = x;
  const total = b.op("ReduceSum", [weight, b.ints([0])], { keepdims: 0 });
  return b.op("Max", [weightedMean({ ...x, divisor: total }, counts), b.scalar(SMALLEST_SHARE)]);
}
