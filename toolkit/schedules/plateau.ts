import type { Schedule } from "./schedule.ts";

export interface PlateauOptions {
  /** Whether a larger metric is better ("max", as of an accuracy, which is what training reports) or a smaller one ("min", as of a loss). */
  readonly mode?: "max" | "min";
  /** What the rate is multiplied by. */
  readonly factor?: number;
  /** Metrics without an improvement that are put up with. */
  readonly patience?: number;
  /** What counts as an improvement: a share of the best so far, or with `thresholdMode` "abs" a difference. */
  readonly threshold?: number;
  readonly thresholdMode?: "rel" | "abs";
  /** Metrics after a reduction that do not count as bad. */
  readonly cooldown?: number;
  readonly floor?: number;
  /** A change of the rate that is no larger is left undone. */
  readonly epsilon?: number;
}

/** Reduces the rate when the metrics so far have stopped improving, exactly as PyTorch's ReduceLROnPlateau. */
export function plateau(rate: number, options: PlateauOptions = {}): Schedule {
  const { factor = 0.1, patience = 10, cooldown = 0, floor = 0, epsilon = 1e-8 } = options;
  return ({ metrics }) => {
    let now = rate;
    let best: number | undefined;
    let bad = 0;
    let cooling = 0;
    for (const metric of metrics) {
      const improved = isBetter(metric, best, options);
      if (improved) best = metric;
      bad = improved ? 0 : bad + 1;
      if (cooling > 0) {
        cooling -= 1;
        bad = 0;
      }
      if (bad <= patience) continue;
      const reduced = Math.max(now * factor, floor);
      if (now - reduced > epsilon) now = reduced;
      cooling = cooldown;
      bad = 0;
    }
    return now;
  };
}

function isBetter(metric: number, best: number | undefined, options: PlateauOptions): boolean {
  const { mode = "max", threshold = 1e-4, thresholdMode = "rel" } = options;
  if (best === undefined) return !Number.isNaN(metric);
  const margin = thresholdMode === "rel" ? best * threshold : threshold;
  return mode === "max" ? metric > best + margin : metric < best - margin;
}
