import { sourceOf } from "../data/decode-photo.ts";
import type { Sample } from "../data/sample.ts";
import { sha256 } from "../data/sha256.ts";
import { errorCode, ToolkitError } from "../errors.ts";
import { asFloat32, floatToHalf, fromBytes, sizeOf, toBytes } from "../graph/tensor.ts";
import type { TensorData } from "../graph/tensor.ts";
import type { Session } from "../runtime/runtime.ts";
import type { TrainBatch } from "../train/batch.ts";
import type { PixelPhotos } from "./photos.ts";
import type { ActivationStore, Platform } from "./platform.ts";
import type { CacheType } from "./settings.ts";

/** What a frozen part makes of samples: a row for each view of each. */
export interface Activations {
  readonly samples: readonly Sample[];
  /** Indices of the samples that could be read. */
  readonly usable: readonly number[];
  readonly views: number;
  /** Extents of a row. */
  readonly shape: readonly number[];
  /** @throws E_CACHE where a row that was on disk cannot be read any more */
  row(view: number, index: number): Promise<Float32Array>;
}

export interface ActivationJob {
  /** Loads the frozen part when it is first called. */
  readonly session: () => Promise<Session>;
  /** Its output, and the extents that this has for one photo. */
  readonly value: string;
  readonly shape: readonly number[];
  readonly samples: readonly Sample[];
  /** Augmented views of each; 1 for the photo as it will be served. */
  readonly views: number;
  readonly type: CacheType;
  /** Whether all rows are held in memory, rather than read from the store at each step. */
  readonly inMemory: boolean;
  readonly store: ActivationStore | undefined;
}

/** Rows that are there so far, and how many of these no one had to compute. */
export interface ActivationProgress {
  readonly done: number;
  readonly known: number;
}

/**
 * Runs the frozen part on every view that the store does not have, and keeps what it makes there.
 * Yields how far it has come after every batch; returns the rows. Where the reader stops, what was computed stays in the store.
 */
export async function* computeActivations(
  job: ActivationJob,
  photos: PixelPhotos,
  platform: Pick<Platform, "hashFile">,
): AsyncGenerator<ActivationProgress, Activations> {
  const { samples, views, store } = job;
  const hashes: (string | undefined)[] = [];
  let progress: ActivationProgress = { done: 0, known: 0 };
  for (const [i, sample] of samples.entries()) {
    hashes.push(store && (await platform.hashFile(sourceOf(sample)).catch(() => undefined)));
    // many large files take a while, and the reader may want to stop
    if (i % 64 === 63) yield progress;
  }
  const rows: Row[][] = [];
  for (let view = 0; view < views; view++) {
    const keys = await Promise.all(hashes.map((hash, i) => keyOf(hash, views, view, i)));
    const run = oneView(job, photos, view, keys);
    const before = progress;
    let item = await run.next();
    for (; !item.done; item = await run.next()) {
      progress = { done: before.done + item.value.done, known: before.known + item.value.known };
      yield progress;
    }
    rows.push(item.value);
  }
  return activationsOf(job, rows);
}

/** What is known of a row: its bytes as they are kept, or the key under which the store has them; undefined where the photo cannot be read. */
type Row = Uint8Array | string | undefined;

/** Rows that are in memory, by view and sample. */
export function heldActivations(
  samples: readonly Sample[],
  shape: readonly number[],
  views: readonly (readonly (Float32Array | undefined)[])[],
): Activations {
  const rows = views.map((row) => row.map((data) => data && toBytes(data)));
  return activationsOf({ samples, shape, views: views.length, type: "float32", store: undefined }, rows);
}

async function* oneView(
  job: ActivationJob,
  photos: PixelPhotos,
  view: number,
  keys: readonly (string | undefined)[],
): AsyncGenerator<ActivationProgress, Row[]> {
  const { session, value, shape, samples, store, inMemory, type } = job;
  const rows: Row[] = Array.from({ length: samples.length });
  const missing: number[] = [];
  for (const [i, key] of keys.entries()) {
    const found = key === undefined ? undefined : await store?.get(key);
    if (found) rows[i] = inMemory ? found : key;
    else missing.push(i);
    if (i % 64 === 63) yield { done: i + 1 - missing.length, known: i + 1 - missing.length };
  }
  const known = samples.length - missing.length;
  let done = known;
  yield { done, known };
  const wanted =
    job.views > 1 ? photos.viewPixels(missing, view) : photos.servedPixels(missing.map((i) => samples[i] as Sample));
  if (missing.length === 0) return rows;
  const width = sizeOf(shape);
  // photos are decoded meanwhile
  const loading = session();
  for await (const batch of readable(wanted, known > 0)) {
    const out = await (await loading).run({ feeds: batch.inputs, fetch: [value] });
    const data = (out.get(value) as TensorData).data as Float32Array;
    for (let row = 0; row < batch.count; row++) {
      const index = batch.indices[row] ?? -1;
      // indices are those of the samples that were asked for, but a view's are the training photos' own
      const i = job.views > 1 ? index : (missing[index] ?? -1);
      const bytes = pack(data.slice(row * width, (row + 1) * width), type, value);
      const key = keys[i];
      if (key !== undefined) await store?.put(key, bytes);
      rows[i] = inMemory || key === undefined ? bytes : key;
    }
    done += batch.count;
    yield { done: Math.min(done, samples.length), known };
  }
  return rows;
}

/** The batches there are. That none of these photos can be read is a fault only where no others are known. */
async function* readable(batches: AsyncIterable<TrainBatch>, knowsOthers: boolean): AsyncGenerator<TrainBatch> {
  try {
    yield* batches;
  } catch (error) {
    if (!knowsOthers || errorCode(error) !== "E_DATA_EMPTY") throw error;
  }
}

function activationsOf(
  { samples, shape, views, type, store }: Pick<ActivationJob, "samples" | "shape" | "views" | "type" | "store">,
  rows: readonly (readonly Row[])[],
): Activations {
  return {
    samples,
    shape,
    views,
    usable: samples.flatMap((_, i) => (rows.every((view) => view[i] !== undefined) ? [i] : [])),
    async row(view, index) {
      const row = rows[view]?.[index];
      const bytes = typeof row === "string" ? await store?.get(row) : row;
      if (bytes) return unpack(bytes, type);
      throw new ToolkitError("E_CACHE", `Cannot read the activations of "${samples[index]?.path ?? ""}" again`, {
        hint: "start the same command again with --resume: what is missing is computed anew",
      });
    },
  };
}

/** An augmented view depends on the sample's place in the data set, from which its random numbers follow. */
async function keyOf(
  hash: string | undefined,
  views: number,
  view: number,
  index: number,
): Promise<string | undefined> {
  if (hash === undefined || views === 1) return hash;
  return sha256(new TextEncoder().encode(`${hash}:${view}:${index}`));
}

/** Largest number of float16. */
const LARGEST_HALF = 65504;

function pack(row: Float32Array, type: CacheType, value: string): Uint8Array {
  if (type === "float32") return toBytes(row);
  const halves = new Uint16Array(row.length);
  for (let i = 0; i < row.length; i++) {
    const x = row[i] ?? 0;
    if (Math.abs(x) > LARGEST_HALF) {
      throw new ToolkitError(
        "E_SETTING",
        `Cannot keep ${x} of "${value}" as float16: expected ${LARGEST_HALF} at most`,
        {
          hint: "use --cache-type float32",
        },
      );
    }
    halves[i] = floatToHalf(x);
  }
  return toBytes(halves);
}

function unpack(bytes: Uint8Array, type: CacheType): Float32Array {
  const data = fromBytes(type, bytes);
  return type === "float32"
    ? (data as Float32Array)
    : (asFloat32({ dtype: type, shape: [data.length], data }).data as Float32Array);
}
