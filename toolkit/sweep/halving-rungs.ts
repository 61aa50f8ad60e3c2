import { ToolkitError } from "../errors.ts";

/** So many trials are run for so many epochs each. */
export interface Rung {
  readonly trials: number;
  readonly epochs: number;
}

export interface HalvingOptions {
  /** In the first rung. */
  readonly trials: number;
  /** In the last rung. */
  readonly epochs: number;
  /** One of so many goes on to the next rung, which is so many times as long; 3. */
  readonly factor?: number;
  /** Of the shortest rung; 1. */
  readonly leastEpochs?: number;
}

/**
 * The rungs of successive halving: all trials for few epochs, the best of them for more, and so on (Jamieson and Talwalkar 2016, with the factor
 * of Hyperband's brackets, Li et al. 2018).
 * @throws E_SETTING
 */
export function halvingRungs({ trials, epochs, factor = 3, leastEpochs = 1 }: HalvingOptions): readonly Rung[] {
  if (!(factor > 1) || !(leastEpochs >= 1)) {
    const what = factor > 1 ? `least epochs ${leastEpochs}: expected 1 or more` : `factor ${factor}: expected above 1`;
    throw new ToolkitError("E_SETTING", `Cannot halve with ${what}`);
  }
  let last = 0;
  while (trials / factor ** (last + 1) >= 1 && epochs / factor ** (last + 1) >= leastEpochs) last++;
  return Array.from({ length: last + 1 }, (_, i) => ({
    trials: Math.max(1, Math.floor(trials / factor ** i)),
    epochs: Math.max(1, Math.round(epochs / factor ** (last - i))),
  }));
}
