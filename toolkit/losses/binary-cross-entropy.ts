import { expectSetting } from "./expect-setting.ts";
import { labelLoss } from "./label-loss.ts";
import type { Loss } from "./loss.ts";
import { byTarget, perClass } from "./rows.ts";

export interface BinaryCrossEntropyOptions {
  /** Per class: what a label that holds counts beside one that does not; the share of absent to present labels balances a rare class. */
  readonly posWeight?: readonly number[];
}

/**
 * Binary cross-entropy of logits z with labels y, mean over the labels: p y softplus(-z) + (1 - y) softplus(z), p the positive weight.
 * Softplus does not overflow, so any finite logit will do (PyTorch's BCEWithLogitsLoss).
 * @throws E_SETTING
 */
export function binaryCrossEntropy({ posWeight }: BinaryCrossEntropyOptions = {}): Loss {
  const name = "binary-cross-entropy";
  if (posWeight) expectSetting(name, "posWeight", posWeight, "a number of 0 or more");
  return labelLoss(name, (x, z) => {
    const { b } = x;
    const present = b.op("Softplus", [b.op("Neg", [z])]);
    const weighted = posWeight ? b.op("Mul", [present, perClass(b, "posWeight", posWeight, x.logits)]) : present;
    return byTarget(x, weighted, b.op("Softplus", [z]));
  });
}
