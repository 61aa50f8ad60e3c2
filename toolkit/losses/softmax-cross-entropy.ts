import type { Loss } from "./loss.ts";

export interface CrossEntropyOptions {
  /** Share of the target spread evenly over all classes (Szegedy et al. 2016, section 7). */
  readonly labelSmoothing?: number;
  /** A weight per class, multiplied into the columns of the (smoothed) target. */
  readonly classWeights?: readonly number[];
}

/**
 * Softmax cross-entropy over soft targets: sum over rows of weight * -sum_k target_k * log softmax(logits)_k, over the divisor.
 * Label smoothing s replaces the target by (1 - s) * target + s / K, as PyTorch does.
 */
export function softmaxCrossEntropy({ labelSmoothing = 0, classWeights }: CrossEntropyOptions = {}): Loss {
  return {
    name: "softmax-cross-entropy",
    emit({ b, logits, target, weight, divisor }) {
      const classes = logits.shape[1];
      const smoothed =
        labelSmoothing === 0 || typeof classes !== "number"
          ? target
          : b.op("Add", [b.op("Mul", [target, b.scalar(1 - labelSmoothing)]), b.scalar(labelSmoothing / classes)]);
      const weighted = classWeights ? b.op("Mul", [smoothed, b.floats(classWeights)]) : smoothed;
      const log = b.op("LogSoftmax", [logits], { axis: 1 });
      const rows = b.op("ReduceSum", [b.op("Mul", [weighted, log]), b.ints([1])], { keepdims: 0 });
      const sum = b.op("ReduceSum", [b.op("Mul", [rows, weight]), b.ints([0])], { keepdims: 0 });
      return b.op("Neg", [b.op("Div", [sum, divisor])]);
    },
  };
}
