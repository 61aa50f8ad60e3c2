import { errorCode, errorMessage, ToolkitError } from "../errors.ts";
import type { FineTuneEvent } from "../fine-tune/events.ts";
import type { FineTuneSettings } from "../fine-tune/settings.ts";
import { heldJournal } from "./journal.ts";
import type { Journal } from "./journal.ts";
import { sweepPlan } from "./sweep-plan.ts";
import type { SweepChoices, SweepPlan } from "./sweep-plan.ts";
import { bestOf, isDone, ranked } from "./ranking.ts";
import type { Candidate, Row } from "./ranking.ts";
import type { Point } from "./space.ts";
import type { Trainer, TrialRecord } from "./trial.ts";

export interface SweepOptions extends SweepChoices {
  readonly train: Trainer;
  /** Trials that it holds are not run again; those that end are added. Lost at the end where absent. */
  readonly journal?: Journal;
  /** Aborting ends the sweep after the trial that is under way. */
  readonly signal?: AbortSignal;
  /** A clock in milliseconds that never goes back; absent: no trial took any time. */
  readonly now?: () => number;
}

/** What a sweep tells while it goes on. */
export type SweepEvent =
  | { readonly kind: "note"; readonly text: string }
  | { readonly kind: "plan"; readonly plan: SweepPlan }
  /** A trial begins. */
  | {
      readonly kind: "trial";
      readonly number: number;
      readonly point: Point;
      readonly rung: number;
      readonly settings: FineTuneSettings;
    }
  /** What the trial under way tells. */
  | { readonly kind: "training"; readonly number: number; readonly event: FineTuneEvent }
  /** A trial has ended, or was known to have. */
  | {
      readonly kind: "ended";
      readonly number: number;
      readonly point: Point;
      readonly rung: number;
      readonly trial: TrialRecord;
      readonly isKnown: boolean;
      /** Trials that have ended, of all that the plan has. */
      readonly done: number;
      readonly best: Row | undefined;
    };

export interface SweepResult {
  /** "stopped": the signal ended it before all trials were run. */
  readonly status: "done" | "stopped";
  readonly plan: SweepPlan;
  /** A row for each point that was tried, best first. */
  readonly rows: readonly Row[];
  readonly best: Row | undefined;
  /** The settings that the best row stands for, as a training run takes them: those that all trials share, and the point's. */
  readonly bestSettings: FineTuneSettings | undefined;
}

/**
 * Trains with many settings and ranks them. A trial that fails is recorded with its error, and the sweep goes on.
 * @throws E_SETTING where the space or a choice cannot be meant; whatever the journal throws
 */
export async function* sweep(options: SweepOptions): AsyncGenerator<SweepEvent, SweepResult> {
  const plan = sweepPlan(options);
  yield { kind: "plan", plan };
  const { journal = heldJournal(), signal } = options;
  const tried = new Map<number, Candidate>();
  const result = (status: SweepResult["status"]): SweepResult => resultOf(status, plan, [...tried.values()]);
  let alive: readonly Candidate[] = plan.points.map((point, i) => ({ number: i + 1, point, rung: 0, trials: [] }));
  let done = 0;
  for (const [rung, { trials: count, epochs }] of plan.rungs.entries()) {
    alive = alive.slice(0, count);
    for (const { number, point } of alive) {
      for (const settings of plan.runs(point, epochs)) {
        if (signal?.aborted) return result("stopped");
        const known = journal.find(settings);
        if (!known) yield { kind: "trial", number, point, rung, settings };
        const trial = known ?? (yield* runTrial(number, settings, options));
        if (!trial) return result("stopped");
        if (!known) await journal.add(trial);
        const before = tried.get(number);
        const trials = before?.rung === rung ? [...before.trials, trial] : [trial];
        tried.set(number, { number, point, rung, trials });
        done++;
        const best = bestOf(ranked([...tried.values()]));
        yield { kind: "ended", number, point, rung, trial, isKnown: known !== undefined, done, best };
      }
    }
    // those that failed go no further
    const ran = alive.flatMap(({ number }) => tried.get(number) ?? []);
    alive = ranked(ran).filter((row) => row.trials.some(isDone));
  }
  return result("done");
}

/** Trains once; nothing where the sweep's own signal ended it. */
async function* runTrial(
  number: number,
  settings: FineTuneSettings,
  { train, signal, now = standstill }: SweepOptions,
): AsyncGenerator<SweepEvent, TrialRecord | undefined> {
  const start = now();
  const seconds = (): number => Math.round(now() - start) / 1000;
  try {
    const training = train(settings);
    try {
      let item = await training.next();
      for (; !item.done; item = await training.next()) yield { kind: "training", number, event: item.value };
      return { settings, seconds: seconds(), status: "done", ...item.value };
    } finally {
      // where the reader leaves
      await training.return(undefined as never);
    }
  } catch (error) {
    if (signal?.aborted && (error === signal.reason || errorCode(error) === "E_STOPPED")) return undefined;
    return {
      settings,
      seconds: seconds(),
      status: "failed",
      code: errorCode(error) ?? null,
      message: errorMessage(error),
    };
  }
}

function resultOf(status: SweepResult["status"], plan: SweepPlan, candidates: readonly Candidate[]): SweepResult {
  const rows = ranked(candidates);
  const best = bestOf(rows);
  return { status, plan, rows, best, bestSettings: best && { ...plan.shared, ...best.point } };
}

/** No clock. */
function standstill(): number {
  return 0;
}

/** @throws E_DATA_EMPTY where there is nothing to compare settings on */
export function expectValidation(photos: number): void {
  if (photos > 0) return;
  throw new ToolkitError("E_DATA_EMPTY", "Cannot sweep: there are no validation photos to compare settings on", {
    hint: "put some into val/, or hold some out with --validation-share",
  });
}
