import { ToolkitError } from "../errors.ts";
import { scalar } from "../graph/tensor.ts";
import type { TensorData } from "../graph/tensor.ts";
import type { Session, Tensors } from "../runtime/runtime.ts";
import type { Schedule } from "../schedules/schedule.ts";
import { lossFeeds } from "./loss-feeds.ts";
import type { TrainBatch } from "./batch.ts";
import { rankOf } from "./evaluate.ts";
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
  /** Validation accuracy after each epoch. */
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

export type TrainEvent = StepEvent | EpochEvent;

export interface TrainOptions {
  /** Holds the step graph as its main program, with its state set. */
  readonly session: Session;
  /** Given where the main program makes several steps in one run (see `repeat`): how many. */
  readonly pace?: Pace;
  readonly logits: string;
  readonly classes: number;
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
  /** Where to go on from. */
  readonly from?: Progress;
  /** A clock in milliseconds that never goes back. */
  readonly now?: () => number;
  /** Checked between runs of the session: training that is aborted ends there, with every step told and the state of the last one in the session. */
  readonly signal?: AbortSignal;
}

/**
 * Runs the step graph over the epochs and tells what happens, an event for each step, however many one run makes; whoever reads the events may stop reading at any time.
 * @throws E_NONFINITE_LOSS at the step whose loss is NaN or infinite
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
      const rates = wanted.map((_, i) => options.schedule({ step: first + i, steps, metrics }));
      const results = await runSteps(options, wanted, rates, first);
      for (const [i, batch] of wanted.entries()) {
        const { loss, correct } = results[i] as StepResult;
        rate = rates[i] ?? rate;
        if (!Number.isFinite(loss)) throw notFinite("loss", loss, at.step + 1, rate);
        at = advance(at, loss, correct, batch);
        yield {
          kind: "step",
          epoch,
          step: at.step,
          steps,
          loss,
          rate,
          count: batch.count,
          meanLoss: at.lossSum / at.samples,
          meanAccuracy: at.correct / at.samples,
          progress: at,
        };
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
    `Cannot go on training: the ${what} is ${loss} at step ${step} (rate ${rate})`,
    {
      hint: `try a lower rate, such as --rate ${Number((rate / 10).toPrecision(1))}`,
    },
  );
}

interface StepResult {
  readonly loss: number;
  readonly correct: number;
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
  const { session, logits, classes, pace, now = standstill } = options;
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
    fetch: [STEP.loss, logits],
  });
  // without a clock a run may take any time: it stays at one step
  if (options.now) pace?.ran(batches.length, now() - start);
  const losses = (out.get(STEP.loss) as TensorData).data;
  const scores = (out.get(logits) as TensorData).data as Float32Array;
  const length = scores.length / batches.length;
  return batches.map((batch, i) => ({
    loss: Number(losses[i]),
    correct: countCorrect(scores.subarray(i * length, (i + 1) * length), batch, classes),
  }));
}

function countCorrect(logits: Float32Array, batch: TrainBatch, classes: number): number {
  let correct = 0;
  for (let i = 0; i < batch.count; i++) {
    if (rankOf(logits.subarray(i * classes, (i + 1) * classes), batch.labels[i] ?? 0) === 0) correct++;
  }
  return correct;
}

function advance(at: Progress, loss: number, correct: number, { count, position }: TrainBatch): Progress {
  return {
    ...at,
    step: at.step + 1,
    position,
    lossSum: at.lossSum + loss * count,
    correct: at.correct + correct,
    samples: at.samples + count,
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
    metrics: evaluation ? [...at.metrics, evaluation.top1] : at.metrics,
  };
}
