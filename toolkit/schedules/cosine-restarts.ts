import type { Schedule } from "./schedule.ts";

export interface CosineRestartsOptions {
  /** Steps of the first cycle; a seventh of all steps where absent, so that with `growth` 2 three cycles fill the run. */
  readonly first?: number;
  /** How many times as long as the one before each cycle is. */
  readonly growth?: number;
  /** The rate at the end of each cycle. */
  readonly floor?: number;
}

/** Half cosines from `rate` down to `floor`, one after the other (Loshchilov and Hutter 2017, equation 5; PyTorch's CosineAnnealingWarmRestarts). */
export function cosineRestarts(rate: number, options: CosineRestartsOptions = {}): Schedule {
  const { first, growth = 2, floor = 0 } = options;
  return ({ step, steps }) => {
    let at = step;
    let length = Math.max(1, first ?? Math.ceil(steps / 7));
    // cycles do not get shorter, so this ends
    const longer = Math.max(1, growth);
    while (at >= length) {
      at -= length;
      length *= longer;
    }
    return floor + ((rate - floor) * (1 + Math.cos((Math.PI * at) / length))) / 2;
  };
}
