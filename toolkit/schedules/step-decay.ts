import type { Schedule } from "./schedule.ts";

/** Multiplies the rate by `factor` every `every` steps. */
export function stepDecay(rate: number, { every, factor = 0.1 }: { every: number; factor?: number }): Schedule {
  return ({ step }) => rate * factor ** Math.floor(step / every);
}
