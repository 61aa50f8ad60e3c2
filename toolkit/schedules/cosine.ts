import type { Schedule } from "./schedule.ts";

/** Half a cosine from `rate` down to `floor` over all steps (Loshchilov and Hutter 2017, equation 5 without restarts). */
export function cosine(rate: number, { floor = 0 }: { floor?: number } = {}): Schedule {
  return ({ step, steps }) => floor + ((rate - floor) * (1 + Math.cos((Math.PI * step) / Math.max(1, steps)))) / 2;
}
