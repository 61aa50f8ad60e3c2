import { expectSetting } from "./expect-setting.ts";
import { labelLoss } from "./label-loss.ts";
import type { Loss } from "./loss.ts";

export interface BinaryHingeOptions {
  /** By how much a logit should lie on its side of 0; 1 where absent. */
  readonly margin?: number;
}

/**
 * Hinge of labels, mean over them: max(0, margin - s z), s = 1 where the target is above 0 and -1 elsewhere, so that labels may be 0 and 1 or -1 and 1
 * (Cortes and Vapnik 1995, Support-Vector Networks).
 * @throws E_SETTING
 */
export function binaryHinge({ margin = 1 }: BinaryHingeOptions = {}): Loss {
  const name = "binary-hinge";
  expectSetting(name, "margin", margin, "a number");
  return labelLoss(name, ({ b, target }, z) => {
    const sign = b.op("Where", [b.op("Greater", [target, b.scalar(0)]), b.scalar(1), b.scalar(-1)]);
    return b.op("Relu", [b.op("Sub", [b.scalar(margin), b.op("Mul", [sign, z])])]);
  });
}
