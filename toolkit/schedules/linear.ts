import type { Schedule } from "./schedule.ts";

export interface LinearOptions {
  /** Share of the rate at the first step. */
  readonly from?: number;
  /** Share of the rate after `over` steps, and from then on. */
  readonly to?: number;
  /** Steps from one to the other; all steps of the run where absent. */
  readonly over?: number;
}

/** A straight line from `from` times the rate to `to` times it (PyTorch's LinearLR, whose own defaults are 1/3, 1 and 5 steps): down to 0 by default. */
export function linear(rate: number, { from = 1, to = 0, over }: LinearOptions = {}): Schedule {
  return ({ step, steps }) => {
    const length = Math.max(1, over ?? steps);
    return rate * (from + ((to - from) * Math.min(step, length)) / length);
  };
}
