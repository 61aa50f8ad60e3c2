import { watchedValue, waitingFor } from "../train/early-stopping.ts";
import type { Waiting } from "../train/early-stopping.ts";
import type { Evaluation } from "../train/evaluate.ts";
import { stepPlan } from "../train/time-limit.ts";
import type { StepPlan, TimeBudget } from "../train/time-limit.ts";
import type { EndReason } from "./events.ts";
import type { Settings } from "./settings.ts";
import type { Stage } from "./stage.ts";

/** The time that a stage shares with the rest of a run. */
export interface StageTime {
  readonly budget: TimeBudget;
  /** Whether another stage comes behind it. */
  readonly isLast: boolean;
  readonly trainPhotos: number;
  readonly validationPhotos: number;
}

export interface StageEndOptions {
  readonly settings: Settings;
  readonly time?: StageTime | undefined;
  /** What it took to load the stage. */
  readonly loadMs?: number;
  /** Steps that were made before, and the metrics of the epochs before. */
  readonly made?: number;
  readonly watched?: readonly number[] | undefined;
}

/** Decides when a stage ends before its epochs are over. */
export interface StageEnd {
  /** Steps of the stage, as planned now. */
  steps(): number;
  /** Told of every step; what a reader of the log should know of the plan. */
  stepped(step: number): string | undefined;
  /** Told of every epoch. */
  scored(evaluation: Evaluation | undefined): void;
  /** Told when all that is kept of an epoch is written. */
  rested(): void;
  /** Whether patience is at its end. */
  isOver(): boolean;
  /** Why the stage ended after so many steps, if before its time, in a word and in a sentence. */
  reasonAt(step: number): { readonly reason: EndReason; readonly text: string } | undefined;
  /** The metric that has to improve, after each epoch. */
  watched(): readonly number[] | undefined;
}

/** What the stages before the last may take of the time that is left. */
const EARLIER_SHARE = 0.25;
/** A pass forward is this share of a step, as a rule. */
const FORWARD_SHARE = 1 / 3;
/** Photos that the exported file is checked on. */
const CHECKED_PHOTOS = 64;
/** Writing the report. */
const REPORT_MS = 1000;
/** Kept back of a budget where a head is trained on features: how long the whole network takes on the photos of the check was not seen where these were known. */
const HEAD_RESERVE = 0.1;
/** A plan that has shrunk by less is no news. */
const NEWS = 0.95;

/** When a stage ends by the settings' patience and time limit. */
export function stageEnd(stage: Stage, options: StageEndOptions): StageEnd {
  const { settings } = options;
  const most = stage.epochs * stage.stepsPerEpoch;
  const plan = options.time && planOf(stage, options.time, options);
  const watched = [...(options.watched ?? [])];
  const { patience, stopMetric: metric = "loss", leastImprovement = 0 } = settings;
  const waiting = (): Waiting | undefined =>
    patience === undefined ? undefined : waitingFor(watched, { metric, patience, leastImprovement });
  let told = Infinity;
  const isOver = (): boolean => watched.length > 0 && (waiting()?.isOver ?? false);
  return {
    steps: () => plan?.steps() ?? Infinity,
    stepped(step) {
      if (!plan) return undefined;
      plan.stepped(step);
      const [planned, stepMs] = [plan.planned(), plan.stepMs()];
      if (stepMs === undefined || planned === undefined || planned >= told * NEWS) return undefined;
      const isFirst = told === Infinity;
      told = planned;
      return planText(planned, stepMs, stage, isFirst);
    },
    scored(evaluation) {
      if (patience !== undefined && evaluation) watched.push(watchedValue(evaluation, metric));
    },
    rested: () => plan?.evaluated(),
    isOver,
    reasonAt(step) {
      const now = waiting();
      if (now && isOver()) return { reason: "patience", text: patienceText(now, watched.length, metric) };
      if (!plan || step >= most || step < plan.steps()) return undefined;
      return { reason: "time", text: `time limit: ended after ${step} of ${most} steps` };
    },
    watched: () => (patience === undefined ? undefined : watched),
  };
}

function planOf(
  stage: Stage,
  { budget, isLast, trainPhotos, validationPhotos }: StageTime,
  { settings, loadMs = 0, made = 0 }: StageEndOptions,
): StepPlan {
  const checked = Math.min(CHECKED_PHOTOS, validationPhotos);
  const soups = settings.soupSize ?? 0;
  const isHead = stage.name === "head";
  // the whole network has just been seen on all photos
  const ofHead = Math.max(
    HEAD_RESERVE * budget.limitMs,
    (budget.spentMs() * checked) / (trainPhotos + validationPhotos),
  );
  const exportMs = REPORT_MS + (isHead ? ofHead : loadMs);
  return stepPlan({
    budget,
    share: isLast ? 1 : EARLIER_SHARE,
    most: stage.epochs * stage.stepsPerEpoch,
    least: settings.accumulate,
    stepsPerEpoch: stage.stepsPerEpoch,
    made,
    evaluationSteps: (FORWARD_SHARE * stage.stepsPerEpoch * validationPhotos) / Math.max(1, trainPhotos),
    afterwards: {
      ms: isLast ? exportMs : 0,
      evaluations: soups + (isLast && !isHead ? checked / Math.max(1, validationPhotos) : 0),
    },
  });
}

function planText(planned: number, stepMs: number, { epochs, stepsPerEpoch }: Stage, isFirst: boolean): string {
  const steps = `${planned} steps`;
  if (isFirst && planned >= epochs * stepsPerEpoch) return `time limit: all ${steps} fit, at ${duration(stepMs)} each`;
  const room = `${steps} (${(planned / stepsPerEpoch).toFixed(1)} epochs)`;
  return isFirst
    ? `time limit: a step takes ${duration(stepMs)}, so that there is room for ${room}`
    : `time limit: it runs slower than planned, which leaves room for ${room}`;
}

function duration(ms: number): string {
  return ms < 100 ? `${ms.toPrecision(2)} ms` : `${(ms / 1000).toFixed(2)} s`;
}

function patienceText({ epochs, best, bestEpoch }: Waiting, ended: number, metric: string): string {
  const since = `${epochs} epoch${epochs === 1 ? "" : "s"}`;
  const ever =
    bestEpoch === 0 ? "was never a number" : `was best at epoch ${bestEpoch}: ${Number(best.toPrecision(4))}`;
  return `ended after epoch ${ended}: ${metric} has not improved for ${since}, and ${ever}`;
}
