import { expectSetting } from "./expect-setting.ts";
import { huberOf } from "./huber.ts";
import type { Loss } from "./loss.ts";
import { weightedMean } from "./rows.ts";

export interface SmoothL1Options {
  /** From which error on the loss grows linearly; 1 where absent. */
  readonly beta?: number;
}

/**
 * Smooth L1 of the error d, mean over the elements of a row: d^2 / (2 beta) where |d| < beta, else |d| - beta / 2: Huber's loss over beta
 * (Girshick 2015, Fast R-CNN, equation 3).
 * @throws E_SETTING
 */
export function smoothL1({ beta = 1 }: SmoothL1Options = {}): Loss {
  const name = "smooth-l1";
  expectSetting(name, "beta", beta, "a number above 0");
  return {
    name,
    target: "values",
    emit: (x) => weightedMean(x, x.b.op("Div", [huberOf(x, beta), x.b.scalar(beta)])),
  };
}
