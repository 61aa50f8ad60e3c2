import type { Schedule } from "./schedule.ts";

export interface ConstantOptions {
  /** What the rate is multiplied by during the first `over` steps. */
  readonly factor?: number;
  readonly over?: number;
}

/** The same rate at every step; `factor` times it during the first `over` steps, where they are given (PyTorch's ConstantLR). */
export function constant(rate: number, { factor = 1, over = 0 }: ConstantOptions = {}): Schedule {
  return ({ step }) => (step < over ? rate * factor : rate);
}
