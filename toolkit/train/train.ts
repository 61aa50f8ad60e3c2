import { ToolkitError } from "../errors.ts";
import { scalar } from "../graph/tensor.ts";
import type { TensorData } from "../graph/tensor.ts";
import type { Session, Tensors } from "../runtime/runtime.ts";
import type { Schedule } from "../schedules/schedule.ts";
import { lossFeeds } from "./loss-feeds.ts";
import type { TrainBatch } from "./batch.ts";
import { countCorrect } from "./count-correct.ts";
import type { ClassColumns } from "./count-correct.ts";
import { MEASURE, readNorms } from "./measure-step.ts";
import type { ParameterNorms } from "./measure-step.ts";
import { qualityOf } from "./evaluate.ts";
import type { Evaluation } from "./evaluate.ts";
import type { Pace } from "./pace.ts";
import { stackFeeds } from "./stack-feeds.ts";
import { STEP } from "./step.ts";
import { waitClock } from "./wait-clock.ts";

/** Where a run stands: `step` counts the steps of all epochs, `position` the samples done in `epoch`. */
export interface Progress {
  readonly epoch: number;
  readonly position: number;
  readonly step: number;
  /** Sums over the steps of this epoch, for its mean loss and accuracy. */
  readonly lossSum: number;
  readonly correct: number;
  readonly samples: number;
  /** Updates that were left out because something was not finite: each has halved the rate; and how many of these came one after the other at last. */
  readonly skipped?: number;
  readonly skippedInRow?: number;
  /** What the validation photos were scored by, after each epoch (see `qualityOf`). */
  readonly metrics: readonly number[];
}

const START: Progress = { epoch: 0, position: 0, step: 0, lossSum: 0, correct: 0, samples: 0, metrics: [] };

export interface StepEvent {
  readonly kind: "step";
  readonly epoch: number;
  readonly step: number;
  readonly steps: number;
  readonly loss: number;
  readonly rate: number;
  readonly count: number;
  /** Mean loss and accuracy of this epoch so far. */
  readonly meanLoss: number;
  readonly meanAccuracy: number;
  /** Where they were taken: see `measureStep`. */
  readonly norms?: readonly ParameterNorms[];
  readonly progress: Progress;
}

export interface EpochEvent {
  readonly kind: "epoch";
  /** Counts from 1. */
  readonly epoch: number;
  readonly epochs: number;
  readonly trainLoss: number;
  readonly trainAccuracy: number;
  readonly rate: number;
  readonly evaluation: Evaluation | undefined;
  /** Which share of the time for the epoch's steps was spent waiting for their batches, 0..1; absent without a clock. */
  readonly waitShare?: number;
  readonly progress: Progress;
}

/** A step whose loss, or what the state would have become, is no finite number. */
export interface NonFiniteEvent {
  readonly kind: "nonfinite";
  readonly epoch: number;
  readonly step: number;
  readonly loss: number;
  readonly rate: number;
  /** Position in the set of the samples of its batch. */
  readonly indices: readonly number[];
  /** Whether the step was left out and the rate halved; else training ends here. */
  readonly skipped: boolean;
  readonly progress: Progress;
}

export type TrainEvent = StepEvent | EpochEvent | NonFiniteEvent;

export interface TrainOptions {
  /** Holds the step graph as its main program, with its state set. */
  readonly session: Session;
  /** Given where the main program makes several steps in one run (see `repeat`): how many. */
  readonly pace?: Pace;
  readonly logits: string;
  /** Outputs of the network: classes, and numbers where it has such. */
  readonly classes: number;
  /** Which of the outputs are classes; all where absent. */
  readonly classColumns?: ClassColumns;
  /** The batches of an epoch from a position on. */
  readonly batches: (epoch: number, position: number) => AsyncIterable<TrainBatch>;
  readonly stepsPerEpoch: number;
  readonly epochs: number;
  /** Asked before and after every run of the session: training ends after this many steps, or the run that is under way, and the schedule too. All epochs where absent. */
  readonly limit?: () => number;
  readonly schedule: Schedule;
  readonly evaluate?: () => Promise<Evaluation>;
  /** Further inputs of a step, such as dropout masks. */
  readonly extras?: (step: number) => Tensors;
  /** The output of a guarded step that says whether it was made (see `guardStep`): one that was not is left out, and the rate halved. Not for several steps in a run. */
  readonly finite?: string;
  /** The parameters of a measured step (see `measureStep`): `extras` says at which steps their norms are taken. */
  readonly measured?: readonly string[];
  /** Where to go on from. */
  readonly from?: Progress;
  /** A clock in milliseconds that never goes back. */
  readonly now?: () => number;
  /** Checked between runs of the session: training that is aborted ends there, with every step told and the state of the last one in the session. */
  readonly signal?: AbortSignal;
}

/**
 * Runs the step graph over the epochs and tells what happens, an event for each step, however many one run makes; whoever reads the events may stop reading at any time.
 * @throws E_NONFINITE_LOSS at the step whose loss is NaN or infinite; with `finite`, at the tenth one after the other
 */
export async function* train(options: TrainOptions): AsyncGenerator<TrainEvent, void> {
  const { epochs, stepsPerEpoch, signal, limit = () => Infinity } = options;
  let at = options.from ?? START;
  let steps = Math.min(epochs * stepsPerEpoch, limit());
  for (let epoch = at.epoch; epoch < epochs && (at.step < steps || isOpen(at)); epoch++) {
    let rate = 0;
    const clock = waitClock(options.now ?? standstill);
    const source = clock.measured(options.batches(epoch, at.position));
    const room = (first: TrainBatch): number => Math.min(steps - at.step, options.pace?.steps(at.step, first) ?? 1);
    for await (const group of grouped(source, room)) {
      if (signal?.aborted) return;
      steps = Math.min(epochs * stepsPerEpoch, limit());
      const wanted = group.slice(0, Math.max(0, steps - at.step));
      if (wanted.length === 0) break;
      const { metrics } = at;
      const first = at.step;
      const share = 0.5 ** (at.skipped ?? 0);
      const rates = wanted.map((_, i) => share * options.schedule({ step: first + i, steps, metrics }));
      const results = await runSteps(options, wanted, rates, first);
      for (const [i, batch] of wanted.entries()) {
        rate = rates[i] ?? rate;
        const event = stepEvent(at, batch, results[i] as StepResult, { epoch, steps, rate, finite: options.finite });
        at = event.progress;
        yield event;
        if (event.kind === "nonfinite" && !event.skipped) throw notFiniteStep(event);
      }
      steps = Math.min(epochs * stepsPerEpoch, limit());
      if (signal?.aborted) return;
      if (at.step >= steps) break;
    }
    const evaluation = await options.evaluate?.();
    if (signal?.aborted) return;
    if (evaluation && !Number.isFinite(evaluation.loss))
      throw notFinite("validation loss", evaluation.loss, at.step, rate);
    const [trainLoss, trainAccuracy] = at.samples > 0 ? [at.lossSum / at.samples, at.correct / at.samples] : [0, 0];
    at = nextEpoch(at, epoch, evaluation);
    const waitShare = clock.share();
    yield {
      kind: "epoch",
      epoch: epoch + 1,
      epochs,
      trainLoss,
      trainAccuracy,
      rate,
      evaluation,
      ...(waitShare === undefined ? {} : { waitShare }),
      progress: at,
    };
    if (signal?.aborted) return;
  }
}

/** No clock. */
function standstill(): number {
  return 0;
}

/** Whether an epoch is under way, or none has been: its end, with an evaluation, is still to come. */
function isOpen({ epoch, position }: Progress): boolean {
  return position > 0 || epoch === 0;
}

function notFinite(what: string, loss: number, step: number, rate: number): ToolkitError {
  return new ToolkitError(
    "E_NONFINITE_LOSS",
    `Cannot go on training: the ${what} is ${Number.isFinite(loss) ? "no finite number" : loss} at step ${step} (rate ${rate})`,
    {
      hint: `try a lower rate, such as --rate ${Number((rate / 10).toPrecision(1))}`,
    },
  );
}

function notFiniteStep({ loss, step, rate }: NonFiniteEvent): ToolkitError {
  return notFinite(Number.isFinite(loss) ? "gradient" : "loss", loss, step, rate);
}

/** Updates left out one after the other, at the last of which training ends: a rate of a thousandth did not help. */
const MOST_SKIPPED = 10;

interface StepResult {
  readonly loss: number;
  readonly correct: number;
  readonly isFinite: boolean;
  readonly norms: readonly ParameterNorms[] | undefined;
}

/** What a step has come to, with the progress behind it. */
function stepEvent(
  before: Progress,
  batch: TrainBatch,
  { loss, correct, isFinite, norms }: StepResult,
  { finite, ...told }: { epoch: number; steps: number; rate: number; finite: string | undefined },
): StepEvent | NonFiniteEvent {
  if (!isFinite) {
    const skipped = finite !== undefined && (before.skippedInRow ?? 0) + 1 < MOST_SKIPPED;
    const indices = [...batch.indices.subarray(0, batch.count)];
    const { epoch, rate } = told;
    const step = before.step + 1;
    return {
      kind: "nonfinite",
      epoch,
      step,
      loss,
      rate,
      indices,
      skipped,
      progress: skipped ? skip(before, batch) : before,
    };
  }
  const at = advance(before, loss, correct, batch);
  return {
    kind: "step",
    ...told,
    step: at.step,
    loss,
    count: batch.count,
    meanLoss: at.lossSum / at.samples,
    meanAccuracy: at.correct / at.samples,
    ...(norms ? { norms } : {}),
    progress: at,
  };
}

/** Items in groups; `size` says how large the next one may become, by its first item. */
async function* grouped<T>(items: AsyncIterable<T>, size: (first: T) => number): AsyncGenerator<readonly T[], void> {
  let group: T[] = [];
  let wanted = 1;
  for await (const item of items) {
    if (group.length === 0) wanted = size(item);
    group.push(item);
    if (group.length < wanted) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}

/** Makes a step for each batch, in one run of the session. */
async function runSteps(
  options: TrainOptions,
  batches: readonly TrainBatch[],
  rates: readonly number[],
  first: number,
): Promise<readonly StepResult[]> {
  const { session, logits, classes, pace, measured, now = standstill } = options;
  const feeds = batches.map(
    (batch, i): Tensors =>
      new Map([
        ...batch.inputs,
        ...(options.extras?.(first + i) ?? []),
        ...lossFeeds(batch, classes),
        [STEP.rate, scalar(rates[i] ?? 0)],
      ]),
  );
  const start = now();
  const out = await session.run({
    feeds: pace ? stackFeeds(feeds) : (feeds[0] as Tensors),
    fetch: [
      STEP.loss,
      logits,
      ...(measured ? [MEASURE.norms] : []),
      ...(options.finite === undefined ? [] : [options.finite]),
    ],
  });
  // without a clock a run may take any time: it stays at one step
  if (options.now) pace?.ran(batches.length, now() - start);
  const losses = (out.get(STEP.loss) as TensorData).data;
  const flags = options.finite === undefined ? undefined : out.get(options.finite)?.data;
  const scores = (out.get(logits) as TensorData).data as Float32Array;
  const length = scores.length / batches.length;
  const norms = measured && (out.get(MEASURE.norms)?.data as Float32Array);
  const width = (norms?.length ?? 0) / batches.length;
  return batches.map((batch, i) => ({
    loss: Number(losses[i]),
    isFinite: Number.isFinite(Number(losses[i])) && (flags === undefined || Number(flags[i]) === 1),
    correct: countCorrect(scores.subarray(i * length, (i + 1) * length), batch, classes, options.classColumns),
    norms: norms && readNorms(norms.subarray(i * width, (i + 1) * width), measured),
  }));
}

function advance(at: Progress, loss: number, correct: number, { count, position }: TrainBatch): Progress {
  return {
    ...at,
    step: at.step + 1,
    position,
    lossSum: at.lossSum + loss * count,
    correct: at.correct + correct,
    samples: at.samples + count,
    ...(at.skippedInRow === undefined ? {} : { skippedInRow: 0 }),
  };
}

/** The batch is over, and nothing has changed but the rate to come. */
function skip(at: Progress, { position }: TrainBatch): Progress {
  return {
    ...at,
    step: at.step + 1,
    position,
    skipped: (at.skipped ?? 0) + 1,
    skippedInRow: (at.skippedInRow ?? 0) + 1,
  };
}

function nextEpoch(at: Progress, epoch: number, evaluation: Evaluation | undefined): Progress {
  return {
    epoch: epoch + 1,
    position: 0,
    step: at.step,
    lossSum: 0,
    correct: 0,
    samples: 0,
    metrics: evaluation ? [...at.metrics, qualityOf(evaluation)] : at.metrics,
    ...(at.skipped === undefined ? {} : { skipped: at.skipped }),
    ...(at.skippedInRow === undefined ? {} : { skippedInRow: at.skippedInRow }),
  };
}
