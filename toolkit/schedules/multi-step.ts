import type { Schedule } from "./schedule.ts";

export interface MultiStepOptions {
  /** Steps from which on the rate is reduced once more; a half and three quarters of all steps where absent (He et al. 2016, section 4.2). */
  readonly milestones?: readonly number[];
  readonly factor?: number;
}

/** Multiplies the rate by `factor` at each milestone (PyTorch's MultiStepLR). */
export function multiStep(rate: number, { milestones, factor = 0.1 }: MultiStepOptions = {}): Schedule {
  return ({ step, steps }) => {
    const at = milestones ?? [Math.ceil(steps / 2), Math.ceil((steps * 3) / 4)];
    return rate * factor ** at.filter((milestone) => step >= milestone).length;
  };
}
