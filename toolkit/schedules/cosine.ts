import type { Schedule } from "./schedule.ts";

export interface CosineOptions {
  /** The rate at the end. */
  readonly floor?: number;
  /** Steps from `rate` down to `floor`; all steps of the run where absent. */
  readonly over?: number;
}

/**
 * Half a cosine from `rate` down to `floor` over all steps (Loshchilov and Hutter 2017, equation 5 without restarts).
 * Past `over` steps it follows the cosine up again, as PyTorch's CosineAnnealingLR past T_max.
 */
export function cosine(rate: number, { floor = 0, over }: CosineOptions = {}): Schedule {
  return ({ step, steps }) =>
    floor + ((rate - floor) * (1 + Math.cos((Math.PI * step) / Math.max(1, over ?? steps)))) / 2;
}
