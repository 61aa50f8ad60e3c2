import { augmentationOf } from "./picture-settings.ts";
import type { Settings } from "./settings.ts";
import { batchCount, batches } from "../data/loader.ts";
import type { Batch, BatchOptions } from "../data/loader.ts";
import type { BadFile, Sample } from "../data/sample.ts";
import { epochOrder } from "../data/augment.ts";
import { samplingOf, samplingOrder } from "../data/sampling.ts";
import type { Graph } from "../graph/ir.ts";
import type { TensorData } from "../graph/tensor.ts";
import type { Targets } from "../data/targets.ts";
import type { PhotoDecoder } from "../data/view.ts";
import { toInput } from "../images/to-input.ts";
import type { Normalisation } from "../images/to-input.ts";
import { PIXELS } from "../passes/pixel-input.ts";
import { type MixOptions, mixRows } from "../data/mix-batch.ts";
import { oneHot } from "../train/batch.ts";
import type { TrainBatch } from "../train/batch.ts";

/** The photos of a run as batches of one network's input. */
export interface Photos {
  /** An epoch, shuffled and augmented, from a position on. Batch statistics want full batches: the partial last one is dropped then. */
  training(epoch: number, position: number, dropPartial: boolean): AsyncIterable<TrainBatch>;
  /** The validation photos as they will be served. */
  validation(): AsyncIterable<TrainBatch>;
  /** Any samples as they will be served. */
  evaluation(samples: readonly Sample[]): AsyncIterable<TrainBatch>;
  /** Some training photos as they will be served, chosen at random. */
  sampled(count: number): AsyncIterable<TrainBatch>;
  /** Rows of every batch. */
  readonly rows: number;
  stepsPerEpoch(dropPartial: boolean): number;
  /** What the symbolic extents of a graph's image input are. */
  dims(graph: Graph): ReadonlyMap<string, number>;
}

/** The photos of a run also as pixels, `image` uint8 [count,H,W,3]: what a served network and a frozen part take. */
export interface PixelPhotos extends Photos {
  /** What `training` yields, as pixels: full batches, whatever fills them. */
  trainingPixels(epoch: number, position: number, dropPartial: boolean): AsyncIterable<TrainBatch>;
  /** What `validation` yields, as pixels. */
  validationPixels(): AsyncIterable<TrainBatch>;
  /** Any samples as they will be served. */
  servedPixels(samples: readonly Sample[]): AsyncIterable<TrainBatch>;
  /** One augmented view of some training photos, in their order: that of the epoch of this number. */
  viewPixels(indices: readonly number[], view: number): AsyncIterable<TrainBatch>;
}

export interface PhotosOptions {
  readonly input: string;
  /** How many classes there are. */
  readonly classes: number;
  readonly train: readonly Sample[];
  readonly validation: readonly Sample[];
  readonly settings: Settings;
  readonly normalisation: Normalisation;
  /** What samples are compared with, where that is not one class each. */
  readonly targets?: Targets | undefined;
  readonly decoder: PhotoDecoder;
  readonly onBad: (file: BadFile) => void;
  /** Ends every reading with its reason. */
  readonly signal?: AbortSignal;
}

/** Batches of the samples for a network whose image input is called `input`. */
export function openPhotos({
  input,
  classes,
  train,
  validation,
  settings,
  normalisation,
  targets,
  decoder,
  onBad,
  signal,
}: PhotosOptions): PixelPhotos {
  const { batchSize, sizePx, resizePx, seed } = settings;
  // a network's batch never exceeds the photos there are
  const rows = Math.min(batchSize, train.length);
  const common = {
    decoder,
    batchSize: rows,
    sizePx,
    resizePx,
    seed,
    onBad,
    ...(targets ? { targets } : {}),
    ...(signal ? { signal } : {}),
  } satisfies Partial<BatchOptions>;
  const side = sizePx;
  const planes: Adapted = {
    input,
    picturesOf: ({ pixels, labels }) => {
      const picture = { width: side, height: side * labels.length, data: pixels };
      return {
        dtype: "float32",
        shape: [labels.length, 3, side, side],
        data: toInput(picture, labels.length, normalisation),
      };
    },
  };
  const asPixels = pixelsAdapted(side);
  const allAsPixels = pixelsAdapted(side, true);
  const plain = { ...common, train: false };
  const served = (samples: readonly Sample[]): AsyncIterable<TrainBatch> => adapt(batches(samples, plain), planes);
  const drawn = drawnFrom(train, settings);
  const augmented = { ...common, train: true, augment: augmentationOf(settings) };
  const { mix } = settings;
  const mixed = (source: AsyncIterable<TrainBatch>, epoch: number): AsyncIterable<TrainBatch> =>
    mix ? mixedBatches(source, classes, { ...mix, seed, epoch }) : source;
  const epochOf = (epoch: number, position: number, how: Adapted, dropPartial: boolean): AsyncGenerator<TrainBatch> =>
    adapt(batches(train, { ...augmented, ...drawn(epoch), epoch, skipTo: position }), how, dropPartial ? rows : 1);
  return {
    rows,
    training: (epoch, position, dropPartial) => mixed(epochOf(epoch, position, planes, dropPartial), epoch),
    trainingPixels: (epoch, position, dropPartial) => epochOf(epoch, position, allAsPixels, dropPartial),
    validationPixels: () => adapt(batches(validation, plain), allAsPixels),
    servedPixels: (samples) => adapt(batches(samples, plain), asPixels),
    viewPixels: (indices, view) => adapt(batches(train, { ...augmented, epoch: view, only: indices }), asPixels),
    validation: () => served(validation),
    evaluation: served,
    sampled: (count) =>
      served([...epochOrder(train.length, seed, 0)].slice(0, Math.max(rows, count)).map((i) => train[i] as Sample)),
    stepsPerEpoch: (dropPartial) =>
      dropPartial ? Math.max(1, Math.floor(train.length / rows)) : batchCount(train.length, rows),
    dims(graph) {
      const shape = graph.inputs[0]?.shape ?? [];
      const extents = [rows, 3, sizePx, sizePx];
      return new Map(shape.flatMap((dim, i) => (typeof dim === "string" ? [[dim, extents[i] ?? 1] as const] : [])));
    },
  };
}

/** The batches with their pictures mixed, each by what follows from its place in the epoch. */
async function* mixedBatches(
  source: AsyncIterable<TrainBatch>,
  classes: number,
  options: Omit<MixOptions, "batch" | "weight">,
): AsyncGenerator<TrainBatch> {
  for await (const batch of source) {
    const [[input, pictures] = []] = batch.inputs;
    if (input === undefined || !pictures) continue;
    const targets = batch.targets ?? (oneHot(batch.labels, classes).data as Float32Array);
    const mixed = mixRows(pictures.data as Float32Array, targets, pictures.shape as [number, number, number, number], {
      ...options,
      batch: batch.position,
      weight: batch.weight,
    });
    const inputs = new Map([[input, { ...pictures, data: mixed.planes }]]);
    yield { ...batch, inputs, targets: mixed.targets };
  }
}

/** Which photos an epoch visits, and what they count, where that is not each alike. */
function drawnFrom(
  train: readonly Sample[],
  settings: Settings,
): (epoch: number) => Pick<BatchOptions, "only" | "weights"> {
  const { loss: weights, ...sampling } = samplingOf(train, settings);
  return (epoch) => ({
    ...(sampling.draws ? { only: samplingOrder([...train.keys()], sampling, settings.seed, epoch) } : {}),
    ...(weights ? { weights } : {}),
  });
}

/** Without `isFull`, rows that only fill the batch are left out: they need not be computed. */
function pixelsAdapted(side: number, isFull = false): Adapted {
  return {
    input: PIXELS,
    picturesOf: ({ pixels, labels, count }) => {
      const rows = isFull ? labels.length : count;
      return { dtype: "uint8", shape: [rows, side, side, 3], data: pixels.subarray(0, rows * side * side * 3) };
    },
  };
}

/** How a network is given pictures. */
interface Adapted {
  readonly input: string;
  readonly picturesOf: (batch: Batch) => TensorData;
}

async function* adapt(
  source: AsyncIterable<Batch>,
  { input, picturesOf }: Adapted,
  minimum = 1,
): AsyncGenerator<TrainBatch> {
  for await (const batch of source) {
    if (batch.count < minimum) continue;
    const { pixels: _pixels, bad: _bad, ...rest } = batch;
    yield { inputs: new Map([[input, picturesOf(batch)]]), ...rest };
  }
}
