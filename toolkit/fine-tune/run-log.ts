import type { EpochRecord, RunReport, SeveralRecord, StageRecord, StepRecord } from "../report/run-report.ts";
import { measure } from "../report/metrics.ts";
import type { Evaluation } from "../train/evaluate.ts";
import type { SeveralLabels } from "../train/evaluate-labels.ts";
import { headsRecord, isOfNumbers, measuresOf } from "./numbers-record.ts";
import type { Setting } from "../report/run-report.ts";
import type { FineTuneEvent, FineTuneResult, StageName } from "./events.ts";
import { stepLog } from "./step-log.ts";
import type { LoggedRecord } from "./step-log.ts";

/** The numbers of a run as they come in, with the time they took. */
export interface RunLog {
  /** Takes an event in; returns the record of an epoch that has just ended. */
  add(event: FineTuneEvent): LoggedEpoch | undefined;
  /** What the last event leaves for log.jsonl: a step at which norms were taken, or a check. */
  record(): LoggedRecord | undefined;
  report(result: FineTuneResult, about: RunAbout): RunReport;
}

/** What a report says that no event tells. */
export interface RunAbout {
  readonly title: string;
  readonly model: string;
  readonly trainImages: number;
  readonly validationImages: number;
  readonly settings: Readonly<Record<string, Setting>>;
  readonly versions: Readonly<Record<string, string>>;
  readonly finishedAt: string;
  readonly data?: RunReport["data"];
}

/** An epoch as metrics.jsonl holds it. */
export type LoggedEpoch = EpochRecord & { readonly stage: StageName };

/**
 * Collects a run's events. `now` is a clock in milliseconds that never goes back: it stops while photos are only evaluated.
 * `earlier` are the epochs that an interrupted run had logged, `records` its measured steps and checks.
 */
export function runLog(
  now: () => number,
  earlier: readonly LoggedEpoch[] = [],
  records: readonly LoggedRecord[] = [],
): RunLog {
  const stages: { mode: StageName; epochs: EpochRecord[] }[] = [];
  const measured = stepLog(records);
  const before = records.flatMap((record) => (record.kind === "step" ? [record] : []));
  const steps = new Map<number, StepRecord>(before.map(({ step, loss, rate }) => [step, { step, loss, rate }]));
  let recorded: LoggedRecord | undefined;
  let last = now();
  let spentMs = 0;
  let images = 0;
  let stepsOfStage = 0;

  const stageFor = (mode: StageName): EpochRecord[] => {
    if (stages.at(-1)?.mode !== mode) stages.push({ mode, epochs: [] });
    return stages.at(-1)?.epochs ?? [];
  };
  const log = ({ stage, ...record }: LoggedEpoch): void => {
    const epochs = stageFor(stage);
    const again = epochs.findIndex((e) => e.epoch === record.epoch);
    // an epoch that was logged, but not yet in a checkpoint when the run was interrupted, is run once more
    epochs.splice(again < 0 ? epochs.length : again, again < 0 ? 0 : 1, record);
  };
  for (const epoch of earlier) log(epoch);

  const epochOf = (event: Extract<FineTuneEvent, { kind: "epoch" }>): LoggedEpoch => {
    const record = {
      stage: event.stage,
      epoch: event.epoch,
      trainLoss: event.trainLoss,
      trainAccuracy: isOfNumbers(event.evaluation) ? null : event.trainAccuracy,
      loss: event.evaluation?.loss ?? null,
      accuracy: isOfNumbers(event.evaluation) ? null : (event.evaluation?.top1 ?? null),
      rate: event.rate,
      imagesPerSecond: spentMs > 0 ? (images * 1000) / spentMs : 0,
      seconds: spentMs / 1000,
      waitShare: event.waitShare ?? null,
      ...measuresOf(event.evaluation),
    };
    log(record);
    [spentMs, images] = [0, 0];
    return record;
  };

  return {
    add(event) {
      const at = now();
      recorded = measured.add(event);
      if (event.kind === "stage") {
        stepsOfStage = 0;
        stageFor(event.stage);
      }
      if (event.kind === "step") {
        // a stage's first step waits for the graphs to be loaded: it says nothing about speed
        if (stepsOfStage > 0) [spentMs, images] = [spentMs + at - last, images + event.count];
        stepsOfStage = event.step;
        const step = measured.stepsBefore() + event.step;
        steps.set(step, { step, loss: event.loss, rate: event.rate });
      }
      last = at;
      return event.kind === "epoch" ? epochOf(event) : undefined;
    },
    record: () => recorded,
    report(result, about) {
      const inOrder = [...steps.values()].toSorted((a, b) => a.step - b.step);
      return { ...assemble(result, about, stages, inOrder), ...measured.report() };
    },
  };
}

function withoutTargets(
  { targets: _targets, ...measures }: SeveralLabels,
  { count, loss }: Pick<Evaluation, "count" | "loss">,
): SeveralRecord {
  return { ...measures, count, loss };
}

function assemble(
  result: FineTuneResult,
  about: RunAbout,
  stages: readonly StageRecord[],
  steps: readonly StepRecord[],
): RunReport {
  const { evaluation, parity } = result;
  return {
    ...about,
    classes: result.classes,
    stages,
    steps,
    metrics:
      evaluation && evaluation.count > 0 && evaluation.classes > 0 && !evaluation.several ? measure(evaluation) : null,
    ...headsRecord(evaluation),
    several: evaluation?.several ? withoutTargets(evaluation.several, evaluation) : null,
    badFiles: result.bad.map(({ path, code, message }) => ({ file: path, code, message })),
    parity: parity
      ? {
          maxDifference: parity.largestDifference,
          flips: parity.flips,
          images: parity.images,
          provider: parity.provider,
        }
      : null,
  };
}
