import type { Point } from "./space.ts";
import type { TrialRecord } from "./trial.ts";

/** A point of the space with what its trials came to, one trial for each seed. */
export interface Candidate {
  /** Counts from 1, in the order in which points were drawn. */
  readonly number: number;
  readonly point: Point;
  /** Of successive halving: the last rung it was in, counted from 0. */
  readonly rung: number;
  readonly trials: readonly TrialRecord[];
}

/** A number over seeds: its mean, and the sample standard deviation where there is more than one. */
export interface Spread {
  readonly mean: number;
  readonly deviation: number | null;
}

export interface Row extends Candidate {
  /** Accuracy, or mean average precision; null where no trial came to an end. */
  readonly quality: Spread | null;
  readonly loss: Spread | null;
  /** Of all trials of the point together. */
  readonly seconds: number;
  readonly failures: number;
}

type Done = Extract<TrialRecord, { status: "done" }>;

/**
 * Best first: those of a later rung before those of an earlier one, those that never failed before those that did, then by mean quality, and by mean loss
 * where that is equal, as it often is on few photos.
 */
export function ranked(candidates: readonly Candidate[]): readonly Row[] {
  return candidates
    .map(rowOf)
    .toSorted(
      (a, b) =>
        b.rung - a.rung ||
        a.failures - b.failures ||
        (b.quality?.mean ?? -1) - (a.quality?.mean ?? -1) ||
        (a.loss?.mean ?? Infinity) - (b.loss?.mean ?? Infinity) ||
        a.number - b.number,
    );
}

/** The row that a sweep comes to, where any trial came to an end. */
export function bestOf(rows: readonly Row[]): Row | undefined {
  const [first] = rows;
  return first?.quality ? first : rows.find((row) => row.quality !== null);
}

/**
 * Rows that the validation photos cannot tell from the best one: within one standard error of a share, sqrt(p (1 - p) / photos), of the same rung; of a quality
 * that is no share, none but its equals. The best itself is among them.
 */
export function closeToBest(rows: readonly Row[]): readonly Row[] {
  const best = bestOf(rows);
  if (!best?.quality) return [];
  const { mean } = best.quality;
  const { photos = 0, metric } = best.trials.find(isDone) ?? {};
  const isShare = metric === "accuracy" || metric === "mean average precision";
  const error = !isShare ? 0 : Math.sqrt(Math.max(0, mean * (1 - mean)) / Math.max(1, photos));
  return rows.filter((row) => row.rung === best.rung && row.quality !== null && row.quality.mean >= mean - error);
}

function rowOf(candidate: Candidate): Row {
  const done = candidate.trials.filter(isDone);
  return {
    ...candidate,
    quality: spreadOf(done.map((trial) => trial.quality)),
    loss: spreadOf(done.map((trial) => trial.loss)),
    seconds: candidate.trials.reduce((sum, trial) => sum + trial.seconds, 0),
    failures: candidate.trials.length - done.length,
  };
}

export function isDone(trial: TrialRecord): trial is Done {
  return trial.status === "done";
}

function spreadOf(values: readonly number[]): Spread | null {
  if (values.length === 0) return null;
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  const squares = values.reduce((sum, v) => sum + (v - mean) ** 2, 0);
  return { mean, deviation: values.length === 1 ? null : Math.sqrt(squares / (values.length - 1)) };
}
