import type { Schedule } from "./schedule.ts";

/** Rises linearly from `from` times the schedule's first rate over the first `warmSteps` steps, then follows the schedule over the steps that are left. */
export function warmUp(
  schedule: Schedule,
  { steps: warmSteps, from = 0.1 }: { steps: number; from?: number },
): Schedule {
  return ({ step, steps, metrics }) => {
    const left = Math.max(1, steps - warmSteps);
    if (step >= warmSteps) return schedule({ step: step - warmSteps, steps: left, metrics });
    return schedule({ step: 0, steps: left, metrics }) * (from + ((1 - from) * step) / warmSteps);
  };
}
