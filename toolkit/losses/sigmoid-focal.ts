import type { GraphBuilder } from "../graph/builder.ts";
import type { Value } from "../graph/ir.ts";
import { expectSetting } from "./expect-setting.ts";
import { labelLoss } from "./label-loss.ts";
import type { Loss } from "./loss.ts";
import { byTarget } from "./rows.ts";

export interface SigmoidFocalOptions {
  /** How strongly well classified labels are discounted; 0 is binary cross-entropy. 2 where absent. */
  readonly gamma?: number;
  /** Weight of a label that holds; one that does not has 1 - alpha. Both count 1 where absent. */
  readonly alpha?: number;
}

/**
 * Focal loss of labels, mean over them, with p = sigmoid(z): alpha y (1 - p)^gamma -log p + (1 - alpha) (1 - y) p^gamma -log(1 - p)
 * (Lin et al. 2017, Focal Loss for Dense Object Detection, equation 5).
 * @throws E_SETTING
 */
export function sigmoidFocal({ gamma = 2, alpha }: SigmoidFocalOptions = {}): Loss {
  const name = "sigmoid-focal";
  expectSetting(name, "gamma", gamma, "a number of 0 or more");
  if (alpha !== undefined) expectSetting(name, "alpha", alpha, "a number from 0 to 1");
  return labelLoss(name, (x, z) => {
    const { b } = x;
    const isAbsent = b.op("Softplus", [z]); // -log(1 - p)
    const isPresent = b.op("Softplus", [b.op("Neg", [z])]); // -log p
    const present = discounted(b, isPresent, isAbsent, gamma);
    const absent = discounted(b, isAbsent, isPresent, gamma);
    if (alpha === undefined) return byTarget(x, present, absent);
    return byTarget(x, b.op("Mul", [present, b.scalar(alpha)]), b.op("Mul", [absent, b.scalar(1 - alpha)]));
  });
}

/** (1 - q)^gamma -log q from -log q and -log(1 - q): as a power of e it has a slope everywhere. */
function discounted(b: GraphBuilder, minusLog: Value, minusLogRest: Value, gamma: number): Value {
  return b.op("Mul", [b.op("Exp", [b.op("Mul", [minusLogRest, b.scalar(-gamma)])]), minusLog]);
}
