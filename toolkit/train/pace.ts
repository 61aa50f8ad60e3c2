import { toBytes } from "../graph/tensor.ts";
import type { TrainBatch } from "./batch.ts";

/** How many steps the session makes in one run. */
export interface Pace {
  /** What is right for the next run, which begins after `step` steps, of batches like this one. */
  steps(step: number, batch: TrainBatch): number;
  /** Tells how long a run took. */
  ran(steps: number, milliseconds: number): void;
}

/** A run should not take much longer: nothing is told, and nothing can be stopped, while it goes on. Not kept to without a clock. */
const LONGEST_MS = 2000;
const MOST_STEPS = 64;
/** What the batches of one run may take in memory. */
const MOST_BYTES = 64e6;
/** The first runs of a session are slow. */
const WARM_UP_RUNS = 2;

/**
 * As many steps a run as fit the time, after the first runs were timed one by one. No run goes beyond a multiple of `boundary` steps: the state can be saved there.
 * What is computed does not depend on it.
 */
export function openPace(boundary: number = Infinity): Pace {
  let runs = 0;
  let stepMs = Infinity;
  return {
    steps(step, { inputs }) {
      if (runs < WARM_UP_RUNS) return 1;
      let bytes = 1;
      for (const t of inputs.values()) bytes += toBytes(t.data).byteLength;
      const room = Number.isFinite(boundary) ? boundary - (step % boundary) : Infinity;
      return Math.max(1, Math.floor(Math.min(LONGEST_MS / stepMs, MOST_BYTES / bytes, MOST_STEPS, room)));
    },
    ran(steps, milliseconds) {
      runs += 1;
      stepMs = Math.max(1e-3, milliseconds / steps);
    },
  };
}
