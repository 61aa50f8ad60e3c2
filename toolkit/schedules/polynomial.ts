import type { Schedule } from "./schedule.ts";

export interface PolynomialOptions {
  readonly power?: number;
  /** Steps down to 0; all steps of the run where absent. */
  readonly over?: number;
}

/** rate * (1 - step / over)^power, and 0 from `over` steps on (PyTorch's PolynomialLR). */
export function polynomial(rate: number, { power = 1, over }: PolynomialOptions = {}): Schedule {
  return ({ step, steps }) => {
    const length = Math.max(1, over ?? steps);
    return rate * (1 - Math.min(step, length) / length) ** power;
  };
}
