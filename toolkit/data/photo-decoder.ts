import { availableParallelism } from "node:os";
import { errorCode } from "../errors.ts";
import type { FilePart } from "../images/decoder.ts";
import { picturePath } from "../images/picture-name.ts";
import { readImage } from "../images/read-image.ts";
import { sharpDecoder } from "../images/sharp.ts";
import type { SharpDecoderOptions } from "../images/sharp.ts";
import { decodePool, JOBS_PER_PROCESS } from "./decode-pool.ts";
import type { DecodePoolOptions } from "./decode-pool.ts";
import { photoJob } from "./photo-job.ts";
import type { KnownFile, PhotoJob, PhotoResult } from "./photo-job.ts";
import type { PictureCache } from "./picture-cache.ts";
import { smallPictures } from "./small-pictures.ts";
import { decodePxOf, type PhotoDecoder, type Viewed, viewOf } from "./view.ts";

export interface PhotoDecoderOptions extends Omit<DecodePoolOptions, "processes"> {
  /** Processes that decode; 0: this one. `defaultProcesses()` where absent. */
  readonly processes?: number;
  /** Where decoded pictures are kept; nowhere where absent. */
  readonly cache?: PictureCache;
}

export interface ClosableDecoder extends PhotoDecoder {
  /** Ends its processes. */
  close(): Promise<void>;
}

/** What a photo did to its process it would do again, at the same price. */
const COSTLY = new Set(["E_IMAGE_CRASH", "E_IMAGE_TIMEOUT"]);
/** Files whose digests are remembered. */
const MOST_KNOWN = 200_000;

/**
 * The processes that decode where nothing else is said: one fewer than there are cores, at most 4. Two on two cores: there a single one
 * labels 4 % fewer photos.
 */
export function defaultProcesses(cores: number = availableParallelism()): number {
  return cores <= 2 ? cores : Math.min(4, cores - 1);
}

/**
 * Decodes photos and makes their views in processes of their own, so that none can end, hang or fill this one, and keeps decoded pictures.
 * @throws E_DECODER, from what it is asked for, where no process can be started
 */
export function photoDecoder(options: PhotoDecoderOptions = {}): ClosableDecoder {
  const { processes = defaultProcesses(), cache, ...others } = options;
  const place = processes === 0 ? here(others.decoder) : elsewhere({ ...others, processes });
  const known = new Map<string, KnownFile>();
  const costly = new Map<string, unknown>();
  const small = smallPictures();

  const cacheFor = (path: string): Pick<PhotoJob, "cache"> => {
    if (!cache) return {};
    const file = known.get(path);
    return { cache: { place: cache.place, mayWrite: cache.hasRoom, ...(file ? { known: file } : {}) } };
  };
  const decodeElsewhere = async (job: PhotoJob): Promise<Viewed> => {
    const { source } = job;
    if (source instanceof Uint8Array) return (await place.run(job)).pixels;
    const path = picturePath(source);
    if (costly.has(path)) throw costly.get(path);
    try {
      const result = await place.run({ ...job, ...(small.mayHold(source) ? {} : cacheFor(path)) });
      if (result.known && known.size < MOST_KNOWN) known.set(path, result.known);
      if (result.writtenBytes > 0) await cache?.add(result.writtenBytes);
      const { pixels, sha256 } = result;
      return sha256 === undefined ? pixels : { ...pixels, sha256 };
    } catch (error) {
      if (COSTLY.has(errorCode(error) ?? "")) costly.set(path, error);
      throw error;
    }
  };
  const decode = async ({ source, view, ...job }: PhotoJob): Promise<Viewed> => {
    if (!small.mayHold(source)) return decodeElsewhere({ source, ...job, ...(view ? { view } : {}) });
    const kept = small.get(source, job.minSidePx);
    const pixels = kept ?? (await decodeElsewhere({ source, ...job }));
    if (!kept) small.put(source, job.minSidePx, pixels);
    const seen = view ? viewOf(pixels, view) : pixels;
    return pixels.sha256 === undefined ? seen : { ...seen, sha256: pixels.sha256 };
  };
  return {
    atOnce: place.atOnce,
    decode: (source, { minSidePx } = {}) => decode({ source, ...(minSidePx === undefined ? {} : { minSidePx }) }),
    view: (source, view) => decode({ source, minSidePx: decodePxOf(view), view }),
    close: () => place.close(),
  };
}

interface Workplace {
  run(job: PhotoJob): Promise<PhotoResult>;
  close(): Promise<void>;
  readonly atOnce: number;
}

function here(options: SharpDecoderOptions = {}): Workplace {
  const tools = {
    decoder: sharpDecoder(options),
    read: (source: string | FilePart) => readImage(source, options.maxBytes),
  };
  return { run: (job) => photoJob(tools, job), close: () => Promise.resolve(), atOnce: 4 };
}

function elsewhere(options: DecodePoolOptions): Workplace {
  const pool = decodePool(options);
  pool.warmUp();
  return {
    run: (job) => pool.run(job),
    close: () => pool.close(),
    atOnce: options.processes * JOBS_PER_PROCESS + JOBS_PER_PROCESS,
  };
}
