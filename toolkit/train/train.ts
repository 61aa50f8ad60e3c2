import { ToolkitError } from "../errors.ts";
import { scalar } from "../graph/tensor.ts";
import type { TensorData } from "../graph/tensor.ts";
import type { Session, Tensors } from "../runtime/runtime.ts";
import type { Schedule } from "../schedules/schedule.ts";
import { lossFeeds } from "./loss-feeds.ts";
import type { TrainBatch } from "./batch.ts";
import { rankOf } from "./evaluate.ts";
import type { Evaluation } from "./evaluate.ts";
import { STEP } from "./step.ts";

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
  readonly progress: Progress;
}

export type TrainEvent = StepEvent | EpochEvent;

export interface TrainOptions {
  /** Holds the step graph as its main program, with its state set. */
  readonly session: Session;
  readonly logits: string;
  readonly classes: number;
  /** The batches of an epoch from a position on. */
  readonly batches: (epoch: number, position: number) => AsyncIterable<TrainBatch>;
  readonly stepsPerEpoch: number;
  readonly epochs: number;
  /** Asked before every step: the run ends after this many steps, and the schedule ends there too. All epochs where absent. */
  readonly limit?: () => number;
  readonly schedule: Schedule;
  readonly evaluate?: () => Promise<Evaluation>;
  /** Further inputs of a step, such as dropout masks. */
  readonly extras?: (step: number) => Tensors;
  /** Where to go on from. */
  readonly from?: Progress;
  /** Checked after every step: an aborted run ends there, with the state of the last finished step in the session. */
  readonly signal?: AbortSignal;
}

/**
 * Runs the step graph over the epochs and tells what happens; whoever reads the events may stop reading at any time.
 * @throws E_NONFINITE_LOSS at the step whose loss is NaN or infinite
 */
export async function* train(options: TrainOptions): AsyncGenerator<TrainEvent, void> {
  const { epochs, stepsPerEpoch, signal, limit = () => Infinity } = options;
  let at = options.from ?? START;
  let steps = Math.min(epochs * stepsPerEpoch, limit());
  for (let epoch = at.epoch; epoch < epochs && (at.step < steps || isOpen(at)); epoch++) {
    let rate = 0;
    for await (const batch of options.batches(epoch, at.position)) {
      if (signal?.aborted) return;
      steps = Math.min(epochs * stepsPerEpoch, limit());
      if (at.step >= steps) break;
      rate = options.schedule({ step: at.step, steps, metrics: at.metrics });
      const { loss, correct } = await runStep(options, batch, rate, at.step);
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
    yield { kind: "epoch", epoch: epoch + 1, epochs, trainLoss, trainAccuracy, rate, evaluation, progress: at };
    if (signal?.aborted) return;
  }
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

async function runStep(
  options: TrainOptions,
  batch: TrainBatch,
  rate: number,
  step: number,
): Promise<{ loss: number; correct: number }> {
  const { session, logits, classes } = options;
  const feeds: Tensors = new Map([
    ...batch.inputs,
    ...(options.extras?.(step) ?? []),
    ...lossFeeds(batch, classes),
    [STEP.rate, scalar(rate)],
  ]);
  const out = await session.run({ feeds, fetch: [STEP.loss, logits] });
  const loss = Number((out.get(STEP.loss) as TensorData).data[0]);
  if (!Number.isFinite(loss)) throw notFinite("loss", loss, step + 1, rate);
  return { loss, correct: countCorrect((out.get(logits) as TensorData).data as Float32Array, batch, classes) };
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
