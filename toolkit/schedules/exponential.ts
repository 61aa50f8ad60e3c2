import type { Schedule } from "./schedule.ts";

/** Where an exponential fall ends that nobody has set: a hundredth of the rate. */
const END = 0.01;

export interface ExponentialOptions {
  /** What the rate is multiplied by at each step; what brings it to a hundredth over all steps where absent. */
  readonly factor?: number;
}

/** rate * factor^step (PyTorch's ExponentialLR). */
export function exponential(rate: number, { factor }: ExponentialOptions = {}): Schedule {
  return ({ step, steps }) => rate * (factor ?? END ** (1 / Math.max(1, steps))) ** step;
}
