import { epochOrder } from "../../toolkit/data/augment.ts";
import { chain, evaluateBatches, train } from "../../toolkit/node.ts";
import type { Evaluation, Graph, Loss, Runtime, Schedule, Tensors, Transform } from "../../toolkit/node.ts";
import { FORWARD, openTraining } from "../open-training.ts";
import type { Training } from "../open-training.ts";
import { inBatches, inputsOf } from "./digits.ts";
import type { Digits } from "./digits.ts";
import { readNorms, watchNorms } from "./watch-norms.ts";
import type { Norms } from "./watch-norms.ts";

export interface Descent {
  readonly runtime: Runtime;
  readonly graph: Graph;
  readonly loss: Loss;
  readonly optimizer: Transform;
  readonly schedule: Schedule;
  readonly learn: Digits;
  readonly batchSize: number;
  /** Which pictures an epoch visits; all of them, shuffled, where absent. */
  readonly order?: (epoch: number) => Int32Array;
  readonly epochs: number;
  /** Where it ends before the last epoch does. */
  readonly steps?: number;
  /** Asked about classes after each epoch, where it is given. */
  readonly validation?: Digits;
  readonly seed: number;
}

/** One step, as it is drawn. */
export interface StepPoint extends Norms {
  readonly loss: number;
  readonly rate: number;
}

/** Everything that happened on the way down. */
export interface Trace {
  readonly steps: readonly StepPoint[];
  /** Of the validation pictures, after each epoch. */
  readonly epochs: readonly Evaluation[];
  readonly parameters: readonly string[];
  /** What the weights have become. */
  readonly weights: Tensors;
}

/** Trains a network from its own weights and writes down loss, rate and norms of every step. */
export async function descend(options: Descent): Promise<Trace> {
  return withTraining(options, async (training) => {
    const trace = await follow(training, options);
    return { ...trace, weights: await training.session.get(training.parameters) };
  });
}

/** A training whose norms are watched, as long as `use` needs it. */
export async function withTraining<T>(
  { graph, runtime, loss, optimizer }: Pick<Descent, "graph" | "runtime" | "loss" | "optimizer">,
  use: (training: Training) => Promise<T>,
): Promise<T> {
  const training = await openTraining(graph, { runtime, loss, optimizer: chain(watchNorms, optimizer) });
  try {
    return await use(training);
  } finally {
    await training.session.release();
  }
}

async function follow(training: Training, options: Descent): Promise<Omit<Trace, "weights">> {
  const { session, logits, classes, parameters } = training;
  const { learn, batchSize, epochs, seed, schedule, validation, steps: limit } = options;
  const count = learn.labels.length;
  const order = options.order ?? ((epoch) => epochOrder(count, seed, epoch));
  const steps: StepPoint[] = [];
  const scores: Evaluation[] = [];
  const events = train({
    session,
    logits,
    classes,
    batches: (epoch) => inBatches(learn, order(epoch), batchSize),
    stepsPerEpoch: Math.floor(count / batchSize),
    epochs,
    schedule,
    ...(limit === undefined ? {} : { limit: () => limit }),
    ...(validation ? { evaluate: () => ask(training, validation) } : {}),
  });
  for await (const event of events) {
    if (event.kind === "step") {
      steps.push({ loss: event.loss, rate: event.rate, ...(await readNorms(session, parameters)) });
    } else if (event.kind === "epoch" && event.evaluation) scores.push(event.evaluation);
  }
  return { steps, epochs: scores, parameters };
}

/** What the network says of the classes of pictures. */
export function ask({ session, logits }: Training, digits: Digits): Promise<Evaluation> {
  const { length } = digits.labels;
  const all = Int32Array.from({ length }, (_, i) => i);
  return evaluateBatches(session, inBatches(digits, all, length), { program: FORWARD, logits });
}

/** The outputs of the network, a row for each picture. */
export async function outputsOf({ session, logits }: Training, digits: Digits): Promise<Float32Array> {
  const out = await session.run({ program: FORWARD, feeds: inputsOf(digits), fetch: [logits] });
  return out.get(logits)?.data as Float32Array;
}
