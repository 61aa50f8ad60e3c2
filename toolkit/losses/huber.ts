import type { Value } from "../graph/ir.ts";
import { expectSetting } from "./expect-setting.ts";
import type { Loss, LossInput } from "./loss.ts";
import { countedRows, weightedMean } from "./rows.ts";

export interface HuberOptions {
  /** From which error on the loss grows linearly; 1 where absent. */
  readonly delta?: number;
}

/**
 * Huber loss of the error d, mean over the elements of a row: d^2 / 2 where |d| < delta, else delta (|d| - delta / 2)
 * (Huber 1964, Robust Estimation of a Location Parameter).
 * @throws E_SETTING
 */
export function huber({ delta = 1 }: HuberOptions = {}): Loss {
  const name = "huber";
  expectSetting(name, "delta", delta, "a number above 0");
  return { name, target: "values", emit: (x) => weightedMean(x, huberOf(x, delta)) };
}

/** c (|d| - c / 2) with c = min(|d|, delta): both branches in one, and no square that overflows. */
export function huberOf(x: LossInput, delta: number): Value {
  const { b } = x;
  const size = b.op("Abs", [countedRows(x, b.op("Sub", [x.logits, x.target]))]);
  const clipped = b.op("Min", [size, b.scalar(delta)]);
  return b.op("Mul", [clipped, b.op("Sub", [size, b.op("Mul", [clipped, b.scalar(0.5)])])]);
}
