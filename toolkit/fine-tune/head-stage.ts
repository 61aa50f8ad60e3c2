import { encodeGraph } from "./stage.ts";
import type { Stage } from "./stage.ts";
import type { FeatureStore, Platform } from "./platform.ts";
import type { Settings } from "./settings.ts";
import type { Student } from "./student.ts";
import type { Photos } from "./photos.ts";
import { dropoutMasks } from "./dropout-masks.ts";
import { expectUpdates } from "./expect-updates.ts";
import { recipeOf } from "./recipe.ts";
import type { Sample } from "../data/sample.ts";
import { epochOrder } from "../data/augment.ts";
import { errorCode } from "../errors.ts";
import { cut } from "../passes/cut.ts";
import { foldBatchNorm } from "../passes/fold-batch-norm.ts";
import { parametersOf } from "../passes/parameters.ts";
import { trainingDropout } from "../passes/training-dropout.ts";
import { unitAxesOf } from "../passes/unit-axes.ts";
import { float32 } from "../graph/tensor.ts";
import type { TensorData } from "../graph/tensor.ts";
import type { Session } from "../runtime/runtime.ts";
import type { TrainBatch } from "../train/batch.ts";
import { buildStep, constantsAsInputs } from "../train/step.ts";

/** Rows per step over cached features: they cost nothing, so batches are larger than a network's. */
const EVALUATION_ROWS = 256;

/** Features of samples, a row each; a sample whose photo could not be read has none. */
export interface FeatureTable {
  readonly rows: readonly (Float32Array | undefined)[];
  readonly samples: readonly Sample[];
}

/** The part of the student that is frozen, as an inference graph with constant weights and BatchNorm folded: what runs fastest. */
export function backboneModel(student: Student): Uint8Array {
  return encodeGraph(foldBatchNorm(cut(student.graph, { outputs: [student.features] })));
}

/**
 * The features of `samples`, from the store where it has them, else computed and kept there.
 * Yields the number done after every batch; returns the table.
 */
export async function* computeFeatures(
  session: Session,
  student: Student,
  samples: readonly Sample[],
  photos: Photos,
  platform: Platform,
  store: FeatureStore | undefined,
): AsyncGenerator<number, FeatureTable> {
  const rows: (Float32Array | undefined)[] = Array.from({ length: samples.length });
  const hashes: (string | undefined)[] = [];
  const missing: number[] = [];
  for (const [i, sample] of samples.entries()) {
    const hash = store ? await platform.hashFile(sample.path).catch(() => undefined) : undefined;
    hashes.push(hash);
    rows[i] = hash === undefined ? undefined : store?.get(hash);
    if (!rows[i]) missing.push(i);
    // many large files take a while to hash, and the reader may want to stop
    if (i % 64 === 63) yield i + 1 - missing.length;
  }
  let done = samples.length - missing.length;
  yield done;
  const wanted = missing.map((i) => samples[i] as Sample);
  for await (const batch of readable(photos.evaluation(wanted), done > 0)) {
    const out = await session.run({ feeds: batch.inputs, fetch: [student.features] });
    const data = (out.get(student.features) as TensorData).data as Float32Array;
    for (let row = 0; row < batch.count; row++) {
      const i = missing[batch.indices[row] ?? -1] ?? -1;
      const features = data.slice(row * student.width, (row + 1) * student.width);
      rows[i] = features;
      const hash = hashes[i];
      if (hash) store?.put(hash, features);
    }
    done += batch.count;
    yield Math.min(done, samples.length);
  }
  return { rows, samples };
}

/** The batches there are. That none of these photos can be read is a fault only where no others are known. */
async function* readable(batches: AsyncIterable<TrainBatch>, knowsOthers: boolean): AsyncGenerator<TrainBatch> {
  try {
    yield* batches;
  } catch (error) {
    if (!knowsOthers || errorCode(error) !== "E_DATA_EMPTY") throw error;
  }
}

/**
 * The stage that trains the head on cached features.
 * @throws E_SETTING where it ends before its first update
 */
export function headStage(
  student: Student,
  settings: Settings,
  train: FeatureTable,
  validation: FeatureTable,
  classes: number,
): Stage {
  const head = cut(student.graph, { inputs: [student.features], outputs: [student.logits] });
  const { operators } = student;
  const parameters = parametersOf(head, operators);
  const { graph, masks } = trainingDropout(head, operators);
  const usable = train.rows.flatMap((row, i) => (row ? [i] : []));
  const rows = Math.min(settings.batchSize, usable.length);
  const stepsPerEpoch = Math.ceil(usable.length / rows);
  const { schedule, ...recipe } = recipeOf("head", settings, stepsPerEpoch);
  expectUpdates("head", recipe.accumulate, settings.headEpochs * stepsPerEpoch);
  const unitAxes = unitAxesOf(head);
  const step = buildStep(graph, { ...recipe, parameters, logits: student.logits, unitAxes }, operators);
  return {
    name: "head",
    step,
    forward: constantsAsInputs(head, parameters).graph,
    logits: student.logits,
    classes,
    operators,
    dims: new Map(),
    batches: (epoch, position) =>
      featureBatches(student, train, shuffled(usable, settings.seed, epoch), rows, position),
    validation: () =>
      featureBatches(
        student,
        validation,
        validation.rows.flatMap((row, i) => (row ? [i] : [])),
        EVALUATION_ROWS,
        0,
      ),
    stepsPerEpoch,
    epochs: settings.headEpochs,
    schedule,
    extras: dropoutMasks(masks, rows, settings.seed),
    // a step takes less than a thread takes to wake up
    threads: 1,
  };
}

function shuffled(items: readonly number[], seed: number, epoch: number): readonly number[] {
  return Array.from(epochOrder(items.length, seed, epoch), (i) => items[i] as number);
}

async function* featureBatches(
  student: Student,
  table: FeatureTable,
  order: readonly number[],
  size: number,
  position: number,
): AsyncGenerator<TrainBatch> {
  for (let start = position; start < order.length; start += size) {
    const chosen = order.slice(start, start + size);
    const data = new Float32Array(size * student.width);
    const labels = new Int32Array(size);
    const weight = new Float32Array(size);
    for (const [row, i] of chosen.entries()) {
      data.set(table.rows[i] as Float32Array, row * student.width);
      labels[row] = table.samples[i]?.label ?? 0;
      weight[row] = 1;
    }
    yield {
      inputs: new Map([[student.features, float32([size, student.width], data)]]),
      labels,
      weight,
      count: chosen.length,
      indices: Int32Array.from({ length: size }, (_, row) => chosen[row] ?? -1),
      position: start + chosen.length,
    };
  }
}
