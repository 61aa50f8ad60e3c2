import { errorCode, errorMessage, ToolkitError } from "../errors.ts";
import type { Pixels } from "../images/decoder.ts";
import { defaultResizePx } from "../images/resample.ts";
import { type AugmentSettings, epochOrder } from "./augment.ts";
import { checkAugmentation } from "./augment-check.ts";
import { sourceOf } from "./decode-photo.ts";
import { inOrder } from "./in-order.ts";
import { readAhead } from "./read-ahead.ts";
import type { BadFile, Sample } from "./sample.ts";
import { type Targets, targetRows } from "./targets.ts";
import { atOnceOf, type PhotoDecoder, type View, viewPhoto } from "./view.ts";

export interface BatchOptions {
  readonly decoder: PhotoDecoder;
  /** Rows of every batch, the last one included. */
  readonly batchSize: number;
  /** Side of the square that the network sees. */
  readonly sizePx: number;
  /** What the shorter side is resized to before the middle is cut out; sizePx * 256 / 224 where absent. */
  readonly resizePx?: number;
  /** Shorter side at which pictures are decoded (and kept, by a cached decoder); `resizePx` where absent. Larger keeps more detail in small crops. */
  readonly decodePx?: number;
  /** Whether samples come shuffled and augmented, rather than in order and cut out of the middle. */
  readonly train: boolean;
  /** null: shuffled only. */
  readonly augment?: AugmentSettings | null;
  readonly seed?: number;
  readonly epoch?: number;
  /** Samples of the epoch that are left out because they have been seen: a batch's `position`. */
  readonly skipTo?: number;
  /** Indices of the samples that are wanted, in this order, instead of the whole epoch. A sample's view is the same whichever others are wanted; one that comes again has another one. */
  readonly only?: readonly number[];
  /** Batches whose pictures are decoded ahead of the reader, beside the one that is ready for it; 2 where absent. */
  readonly prefetch?: number;
  /** Pictures that are decoded at the same time; what keeps the decoder busy where absent. */
  readonly concurrency?: number;
  /** What each sample counts, by its index; 1 where absent. */
  readonly weights?: readonly number[];
  /** What samples are compared with, where that is not one class each. */
  readonly targets?: Targets;
  readonly signal?: AbortSignal;
  /** Told of each unreadable file as it is met. */
  readonly onBad?: (file: BadFile) => void;
}

export interface Batch {
  /** [batchSize,sizePx,sizePx,3]. Rows from `count` on repeat the first ones, so that batch statistics see real pictures. */
  readonly pixels: Uint8Array;
  /** Class by row. */
  readonly labels: Int32Array;
  /** [batchSize,width], where the options have `targets`. */
  readonly targets?: Float32Array;
  /** What each of the first `count` rows counts, 0 for those that only fill the batch. */
  readonly weight: Float32Array;
  /** Index into the samples by row; -1 where the row only fills the batch. */
  readonly indices: Int32Array;
  /** At least 1. */
  readonly count: number;
  /** Samples of this epoch done with this batch, bad ones included. */
  readonly position: number;
  /** Unreadable files met since the last batch; they have no row. Those behind the last batch only `onBad` is told of. */
  readonly bad: readonly BadFile[];
}

interface Row {
  readonly index: number;
  readonly pixels: Pixels;
}

/**
 * One epoch of batches, prepared ahead of the reader. Order and augmentation follow from seed, epoch and sample alone.
 *
 * Batch k covers positions k * batchSize and on: an unreadable file makes its batch shorter and moves no other sample. A batch of only such
 * files is left out.
 * @throws E_SETTING; E_DATA_EMPTY where no file at all can be read; the reason of `signal`
 */
export async function* batches(
  samples: readonly Sample[],
  options: BatchOptions,
): AsyncGenerator<Batch, void, undefined> {
  // a batch is put together while the one in front of it is at work
  yield* readAhead(eachBatch(samples, options));
}

async function* eachBatch(samples: readonly Sample[], options: BatchOptions): AsyncGenerator<Batch, void, undefined> {
  const { batchSize, train, seed = 0, epoch = 0, skipTo = 0, prefetch = 2, decoder, signal, onBad } = options;
  const { concurrency = atOnceOf(decoder) } = options;
  checkOptions(options);
  const all = options.only ?? (train ? epochOrder(samples.length, seed, epoch) : samples.keys());
  const order = [...all].slice(skipTo);
  const views = train && options.only ? viewNumbers(options.only, samples.length).slice(skipTo) : order;
  const load = async (position: number): Promise<Row | BadFile> => {
    const index = order[position] ?? 0;
    const sample = samples[index];
    if (!sample) throw new RangeError(`no sample ${index}`);
    try {
      return { index, pixels: await viewPhoto(decoder, sourceOf(sample), viewFor(views[position] ?? index, options)) };
    } catch (error) {
      return badFile(sample.path, error);
    }
  };
  const ahead = Math.max(1, prefetch * batchSize);
  let rows: Row[] = [];
  let bad: BadFile[] = [];
  let position = 0;
  let delivered = 0;
  for await (const item of inOrder(order.length, load, { concurrency, ahead, ...(signal ? { signal } : {}) })) {
    position++;
    if ("pixels" in item) rows.push(item);
    else {
      bad.push(item);
      onBad?.(item);
    }
    if ((position % batchSize !== 0 && position < order.length) || rows.length === 0) continue;
    yield { ...assemble(rows, samples, options), position: skipTo + position, bad };
    delivered += rows.length;
    rows = [];
    bad = [];
  }
  if (delivered === 0 && order.length > 0 && skipTo === 0) {
    throw new ToolkitError(
      "E_DATA_EMPTY",
      `Cannot read any of ${order.length} photos; the first: ${bad[0]?.message ?? "unknown"}`,
      { hint: "check the files: expected JPEG, PNG, WebP, GIF or TIFF" },
    );
  }
}

/** How many batches an epoch has. */
export function batchCount(samples: number, batchSize: number): number {
  return Math.ceil(samples / batchSize);
}

/** By which number the view of each is drawn: its index, and beyond all of these for one that came before. */
function viewNumbers(order: readonly number[], count: number): readonly number[] {
  const seen = new Map<number, number>();
  return order.map((index) => {
    const times = seen.get(index) ?? 0;
    seen.set(index, times + 1);
    return index + times * count;
  });
}

function viewFor(sample: number, options: BatchOptions): View {
  const { sizePx, train, augment, seed = 0, epoch = 0, resizePx = defaultResizePx(sizePx) } = options;
  const { decodePx = resizePx } = options;
  const view = { sizePx, resizePx, decodePx };
  if (!train || augment === null) return view;
  return { ...view, crop: { seed, epoch, sample, ...(augment ? { settings: augment } : {}) } };
}

function assemble(
  rows: readonly Row[],
  samples: readonly Sample[],
  options: BatchOptions,
): Omit<Batch, "position" | "bad"> {
  const { batchSize, sizePx, targets, weights } = options;
  const rowSize = sizePx * sizePx * 3;
  const pixels = new Uint8Array(batchSize * rowSize);
  const labels = new Int32Array(batchSize);
  const weight = new Float32Array(batchSize);
  const indices = new Int32Array(batchSize).fill(-1);
  for (let i = 0; i < batchSize; i++) {
    const from = i % rows.length;
    const { index, pixels: picture } = rows[from] as Row;
    pixels.set(picture.data, i * rowSize);
    labels[i] = samples[index]?.label ?? 0;
    if (i >= rows.length) continue;
    indices[i] = index;
    weight[i] = weights?.[index] ?? 1;
  }
  const seen = Array.from(labels, (_, i) => samples[rows[i % rows.length]?.index ?? -1]);
  return {
    pixels,
    labels,
    ...(targets ? { targets: targetRows(seen, targets) } : {}),
    weight,
    indices,
    count: rows.length,
  };
}

function badFile(path: string, error: unknown): BadFile {
  const code = errorCode(error);
  if (!code?.startsWith("E_IMAGE_")) throw error;
  return { path, code, message: errorMessage(error) };
}

function checkOptions({
  batchSize,
  sizePx,
  resizePx = defaultResizePx(sizePx),
  decodePx = resizePx,
  skipTo = 0,
  augment,
}: BatchOptions): void {
  expectInteger("batchSize", batchSize, 1);
  expectInteger("sizePx", sizePx, 1);
  expectInteger("resizePx", resizePx, sizePx);
  expectInteger("decodePx", decodePx, resizePx);
  expectInteger("skipTo", skipTo, 0);
  if (augment) checkAugmentation(augment);
}

function expectInteger(name: string, value: number, min: number): void {
  if (Number.isInteger(value) && value >= min) return;
  throw new ToolkitError(
    "E_SETTING",
    `Cannot make batches: expected ${name} to be a whole number from ${min}, got ${value}`,
  );
}
