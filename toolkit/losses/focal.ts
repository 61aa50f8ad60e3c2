import { expectSetting } from "./expect-setting.ts";
import type { Loss } from "./loss.ts";
import { countedRows, perClass, sumOverClasses, weightedMean } from "./rows.ts";

export interface FocalOptions {
  /** How strongly well classified samples are discounted; 0 is cross-entropy. 2 where absent. */
  readonly gamma?: number;
  /** A weight per class. */
  readonly alpha?: readonly number[];
}

/** What is left of a probability of 1: a power below 1 has no slope at 0. Float32 cannot tell 1 from 1 - 2^-25. */
const SMALLEST_REST = 2 ** -25;

/**
 * Focal loss of softmax probabilities p: -sum_k target_k alpha_k (1 - p_k)^gamma log p_k
 * (Lin et al. 2017, Focal Loss for Dense Object Detection, equations 4 and 5, for many classes).
 * @throws E_SETTING
 */
export function focal({ gamma = 2, alpha }: FocalOptions = {}): Loss {
  const name = "focal";
  expectSetting(name, "gamma", gamma, "a number of 0 or more");
  if (alpha) expectSetting(name, "alpha", alpha, "a number of 0 or more");
  return {
    name,
    target: "class-distribution",
    emit(x) {
      const { b } = x;
      const log = b.op("LogSoftmax", [countedRows(x, x.logits)], { axis: 1 });
      const rest = b.op("Clip", [b.op("Sub", [b.scalar(1), b.op("Exp", [log])]), b.scalar(SMALLEST_REST)]);
      const discounted = b.op("Mul", [b.op("Pow", [rest, b.scalar(gamma)]), log]);
      const target = countedRows(x, x.target);
      const weighted = alpha ? b.op("Mul", [target, perClass(b, "alpha", alpha, x.logits)]) : target;
      return weightedMean(x, b.op("Neg", [sumOverClasses(b, b.op("Mul", [weighted, discounted]))]));
    },
  };
}
