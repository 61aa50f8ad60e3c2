import { graft } from "../../toolkit/fine-tune/student.ts";
import type { Student } from "../../toolkit/fine-tune/student.ts";
import { networkStage, unfold } from "../../toolkit/fine-tune/network-stage.ts";
import type { Photos } from "../../toolkit/fine-tune/photos.ts";
import { settle } from "../../toolkit/fine-tune/settings.ts";
import type { FineTuneSettings } from "../../toolkit/fine-tune/settings.ts";
import { startStage } from "../../toolkit/fine-tune/stage.ts";
import type { SourceModel } from "../../toolkit/export/source-model.ts";
import { fillNormal } from "../../toolkit/graph/random.ts";
import { scalar } from "../../toolkit/graph/tensor.ts";
import type { TensorData } from "../../toolkit/graph/tensor.ts";
import { oneHot } from "../../toolkit/train/batch.ts";
import type { TrainBatch } from "../../toolkit/train/batch.ts";
import { stackFeeds } from "../../toolkit/train/stack-feeds.ts";
import { STEP } from "../../toolkit/train/step.ts";
import { headStage } from "../../toolkit/fine-tune/head-stage.ts";
import { heldActivations } from "../../toolkit/fine-tune/activations.ts";
import { cut } from "../../toolkit/passes/cut.ts";
import type { Session, Tensors } from "../../toolkit/runtime/runtime.ts";
import { directRuntime, runGraph } from "../support/run-graph.ts";

const CLASSES = ["across", "down", "checks"];
const ROWS = 16;

/** Sixteen pictures of stripes across, stripes down or checks, in noise; the same for the same number. */
function toyBatch(input: string, size: number, number: number): TrainBatch {
  const data = fillNormal(ROWS * 3 * size * size, number, 1, 0, 0.5);
  const labels = Int32Array.from({ length: ROWS }, (_, row) => (row + number) % CLASSES.length);
  const wave = (i: number): number => (Math.floor(i / 4) % 2 === 0 ? 0.7 : -0.7);
  for (let i = 0; i < data.length; i++) {
    const [x, y, row] = [i % size, Math.floor(i / size) % size, Math.floor(i / (3 * size * size))];
    const label = labels[row];
    data[i] = (data[i] ?? 0) + (label === 0 ? wave(y) : label === 1 ? wave(x) : wave(x) * wave(y) * 1.4);
  }
  return {
    inputs: new Map([[input, { dtype: "float32", shape: [ROWS, 3, size, size], data }]]),
    labels,
    weight: new Float32Array(ROWS).fill(1),
    count: ROWS,
    indices: Int32Array.from(labels, (_, i) => i),
    position: ROWS,
  };
}

function photosOf(input: string, size: number): Photos {
  const two = async function* (): AsyncGenerator<TrainBatch> {
    yield toyBatch(input, size, 1);
    yield toyBatch(input, size, 2);
  };
  const extents = [ROWS, 3, size, size];
  return {
    rows: ROWS,
    training: two,
    validation: two,
    evaluation: two,
    sampled: two,
    stepsPerEpoch: () => 2,
    dims: (graph) => {
      const dims = (graph.inputs[0]?.shape ?? []).map((dim, i) => [dim, extents[i] ?? 1] as const);
      return new Map(dims.filter((pair): pair is readonly [string, number] => typeof pair[0] === "string"));
    },
  };
}

export interface ToyTraining {
  /** The loss before each step. */
  readonly losses: readonly number[];
  /** Convolutions that were given their BatchNormalization back. */
  readonly restored: number;
}

/** Puts a new head on a source and trains every layer for some steps at a constant rate, on two batches in turn, or on one alone. */
export async function trainToy(
  source: SourceModel,
  size: number,
  steps: number,
  chosen: FineTuneSettings,
  batches = 2,
): Promise<ToyTraining> {
  const settings = settle({ mode: "full", batchSize: ROWS, sizePx: size, seed: 1, ...chosen }, size);
  const student: Student = graft(source, CLASSES, settings);
  const photos = photosOf(student.input, size);
  const unfolded = await unfold(student, settings, photos, { runtime: directRuntime });
  const stage = networkStage(unfolded.student, settings, photos, CLASSES.length);
  const { session } = await startStage(directRuntime, stage, {});
  const feeds = Array.from({ length: batches }, (_, i) => feedsOf(toyBatch(student.input, size, i + 1), settings.rate));
  try {
    return { losses: await stepLosses(session, feeds, steps), restored: unfolded.restored };
  } finally {
    await session.release();
  }
}

/** Trains the head alone on the features of one batch, as `frozen` does; the loss before each step. */
export async function trainHead(
  source: SourceModel,
  size: number,
  steps: number,
  chosen: FineTuneSettings,
): Promise<readonly number[]> {
  const settings = settle({ mode: "frozen", batchSize: ROWS, sizePx: size, seed: 1, ...chosen }, size);
  const student = graft(source, CLASSES, settings);
  const batch = toyBatch(student.input, size, 1);
  const backbone = cut(student.graph, { outputs: [student.features] });
  const features = (await runGraph(backbone, batch.inputs)).get(student.features)?.data as Float32Array;
  const rows = Array.from(batch.labels, (_, i) => features.slice(i * student.width, (i + 1) * student.width));
  const samples = Array.from(batch.labels, (label, i) => ({ path: `${i}`, id: `${i}`, label }));
  const table = heldActivations(samples, [student.width], [rows]);
  const { session } = await startStage(directRuntime, headStage(student, settings, table, table, CLASSES.length), {});
  const inputs = new Map([
    [student.features, { dtype: "float32", shape: [ROWS, student.width], data: features }],
  ] as const);
  try {
    return await stepLosses(session, [feedsOf({ ...batch, inputs }, settings.rate)], steps);
  } finally {
    await session.release();
  }
}

async function stepLosses(session: Session, feeds: readonly Tensors[], steps: number): Promise<readonly number[]> {
  const losses: number[] = [];
  for (let i = 0; i < steps; i++) {
    const out = await session.run({ feeds: stackFeeds([feeds[i % feeds.length] ?? new Map()]), fetch: [STEP.loss] });
    losses.push(Number(out.get(STEP.loss)?.data[0]));
  }
  return losses;
}

function feedsOf({ inputs, labels, weight, count }: TrainBatch, rate: number): Map<string, TensorData> {
  return new Map<string, TensorData>([
    ...inputs,
    [STEP.target, oneHot(labels, CLASSES.length)],
    [STEP.weight, { dtype: "float32", shape: [count], data: weight }],
    [STEP.divisor, scalar(count)],
    [STEP.rate, scalar(rate)],
  ]);
}
