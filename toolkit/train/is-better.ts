import { qualityOf } from "./evaluate.ts";
import type { Evaluation } from "./evaluate.ts";

/** More right answers, a higher mean average precision or R2; of equal ones the lower loss. */
export function isBetter(a: Evaluation, b: Evaluation | undefined): boolean {
  // without validation photos the last epoch counts
  if (b === undefined || a.count === 0) return true;
  const [now, before] = [qualityOf(a), qualityOf(b)];
  return now > before || (now === before && a.loss < b.loss);
}
