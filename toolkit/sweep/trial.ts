import type { QualityMetric } from "../report/quality-cell.ts";
import type { FineTuneEvent } from "../fine-tune/events.ts";
import type { FineTuneSettings } from "../fine-tune/settings.ts";
import { qualityOf } from "../train/evaluate.ts";
import type { Evaluation } from "../train/evaluate.ts";

/** How the weights that a trial would export do on the validation photos. */
export interface TrialScore {
  /** Accuracy; mean average precision where photos may have several labels, R2 where numbers are learnt; of several heads the mean. */
  readonly quality: number;
  readonly metric: QualityMetric;
  readonly loss: number;
  /** Validation photos. */
  readonly photos: number;
  /** The epoch that the weights are of. */
  readonly epoch: number;
}

/** A trial that has ended, as a line of trials.jsonl holds it. */
export type TrialRecord = { readonly settings: FineTuneSettings; readonly seconds: number } & (
  | ({ readonly status: "done" } & TrialScore)
  | { readonly status: "failed"; readonly code: string | null; readonly message: string }
);

/** Trains with some settings, and tells what happens meanwhile. */
export type Trainer = (settings: FineTuneSettings) => AsyncGenerator<FineTuneEvent, TrialScore>;

export function scoreOf(evaluation: Evaluation, epoch: number): TrialScore {
  return {
    quality: qualityOf(evaluation),
    metric: metricOf(evaluation),
    loss: evaluation.loss,
    photos: evaluation.count,
    epoch,
  };
}

function metricOf({ several, heads, classes }: Evaluation): TrialScore["metric"] {
  if (heads) return "mean over heads";
  if (classes === 0) return "R2";
  return several ? "mean average precision" : "accuracy";
}
