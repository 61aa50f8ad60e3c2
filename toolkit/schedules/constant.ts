import type { Schedule } from "./schedule.ts";

/** The same rate at every step. */
export function constant(rate: number): Schedule {
  return () => rate;
}
