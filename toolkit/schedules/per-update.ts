import type { Schedule } from "./schedule.ts";

/** `schedule` counting updates of the parameters where one is made at every `every`-th step: for a step that accumulates gradients. */
export function perUpdate(schedule: Schedule, every: number): Schedule {
  return ({ step, steps, metrics }) => {
    // what is left over behind the last full group is never applied
    const updates = Math.max(1, Math.floor(steps / every));
    return schedule({ step: Math.min(Math.floor(step / every), updates - 1), steps: updates, metrics });
  };
}
