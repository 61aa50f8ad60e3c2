import type { Schedule } from "./schedule.ts";

export interface StepDecayOptions {
  /** Steps between two reductions; a third of all steps where absent. */
  readonly every?: number;
  readonly factor?: number;
}

/** Multiplies the rate by `factor` every `every` steps (PyTorch's StepLR). */
export function stepDecay(rate: number, { every, factor = 0.1 }: StepDecayOptions = {}): Schedule {
  return ({ step, steps }) => rate * factor ** Math.floor(step / (every ?? Math.max(1, Math.ceil(steps / 3))));
}
