/** Decides at which ends of epochs a checkpoint is written, so that short epochs are not spent on writing. */
export interface SavePace {
  /** Whether one is worth its time now. */
  isDue(): boolean;
  /** Takes the time of one. */
  timed<T>(save: () => Promise<T>): Promise<T>;
}

/** What they may take of the time. */
const MOST_SHARE = 0.02;
/** An interruption must not take back more than this. */
const LONGEST_MS = 60_000;

/** `now` is a clock in milliseconds that never goes back; without one they are all written. */
export function openSavePace(now?: () => number): SavePace {
  let last = { endedAt: -Infinity, tookMs: 0 };
  return {
    isDue: () => !now || now() - last.endedAt >= Math.min(LONGEST_MS, last.tookMs / MOST_SHARE),
    async timed(save) {
      const start = now?.() ?? 0;
      const result = await save();
      const endedAt = now?.() ?? 0;
      last = { endedAt, tookMs: endedAt - start };
      return result;
    },
  };
}
