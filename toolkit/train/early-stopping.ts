import { ToolkitError } from "../errors.ts";
import type { Evaluation } from "./evaluate.ts";

/** What of the validation photos' evaluation can be watched. */
export type StopMetric = "loss" | "top1" | "top5Error" | "meanAveragePrecision" | "rmse" | "mae" | "r2";

interface Metric {
  readonly better: "lower" | "higher";
  /** Undefined where the photos are not scored by it. */
  readonly of: (evaluation: Evaluation) => number | undefined;
}

const METRICS: Readonly<Record<StopMetric, Metric>> = {
  loss: { better: "lower", of: (e) => e.loss },
  top1: { better: "higher", of: (e) => (e.classes === 0 ? undefined : e.top1) },
  top5Error: { better: "lower", of: (e) => (e.classes === 0 ? undefined : e.top5Error) },
  meanAveragePrecision: { better: "higher", of: (e) => e.several?.meanAveragePrecision },
  rmse: { better: "lower", of: (e) => e.numbers?.rmse },
  mae: { better: "lower", of: (e) => e.numbers?.mae },
  // numbers that are all the same have none
  r2: { better: "higher", of: (e) => e.numbers && (e.numbers.r2 ?? Number.NaN) },
};

/** Every name that can be watched. */
export const stopMetrics: readonly StopMetric[] = Object.keys(METRICS) as StopMetric[];

export interface PatienceOptions {
  readonly metric: StopMetric;
  /** Epochs without an improvement that are put up with. */
  readonly patience: number;
  /** Only what is better by more than this counts as an improvement. */
  readonly leastImprovement: number;
}

/** How long a metric has not improved. */
export interface Waiting {
  /** Epochs since the best value. */
  readonly epochs: number;
  /** Counts from 1; 0 where no value was a number. */
  readonly bestEpoch: number;
  readonly best: number;
  readonly isOver: boolean;
}

/**
 * The value of an evaluation that is watched.
 * @throws E_SETTING where the evaluation does not have it
 */
export function watchedValue(evaluation: Evaluation, metric: StopMetric): number {
  const value = METRICS[metric].of(evaluation);
  if (value !== undefined) return value;
  throw new ToolkitError("E_SETTING", `Cannot watch "${metric}": these photos are not scored by it`, {
    hint: "watch the loss; top1 of labels, meanAveragePrecision of several labels a photo, rmse, mae or r2 of numbers",
  });
}

/** How long the values of the epochs so far have not improved (Prechelt 1998, UP criterion, as Keras counts it). A value that is no number improves nothing. */
export function waitingFor(
  values: readonly number[],
  { metric, patience, leastImprovement }: PatienceOptions,
): Waiting {
  const sign = METRICS[metric].better === "higher" ? 1 : -1;
  let best = -Infinity;
  let bestEpoch = 0;
  for (const [i, value] of values.entries()) {
    if (!(sign * value > best + (bestEpoch === 0 ? 0 : leastImprovement))) continue;
    best = sign * value;
    bestEpoch = i + 1;
  }
  const epochs = values.length - bestEpoch;
  return { epochs, bestEpoch, best: sign * best, isOver: epochs >= patience };
}
