import { availableParallelism } from "node:os";
import { errorCode } from "../errors.ts";
import { readImage } from "../images/read-image.ts";
import { sharpDecoder } from "../images/sharp.ts";
import type { SharpDecoderOptions } from "../images/sharp.ts";
import { decodePool, JOBS_PER_PROCESS } from "./decode-pool.ts";
import type { DecodePoolOptions } from "./decode-pool.ts";
import { photoJob } from "./photo-job.ts";
import type { KnownFile, PhotoJob, PhotoResult } from "./photo-job.ts";
import type { PictureCache } from "./picture-cache.ts";
import { decodePxOf, type PhotoDecoder, type Viewed } from "./view.ts";

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

  const cacheFor = (path: string): Pick<PhotoJob, "cache"> => {
    if (!cache) return {};
    const file = known.get(path);
    return { cache: { place: cache.place, mayWrite: cache.hasRoom, ...(file ? { known: file } : {}) } };
  };
  const decode = async (job: PhotoJob): Promise<Viewed> => {
    const { source } = job;
    if (typeof source !== "string") return (await place.run(job)).pixels;
    if (costly.has(source)) throw costly.get(source);
    try {
      const result = await place.run({ ...job, ...cacheFor(source) });
      if (result.known && known.size < MOST_KNOWN) known.set(source, result.known);
      if (result.writtenBytes > 0) await cache?.add(result.writtenBytes);
      const { pixels, sha256 } = result;
      return sha256 === undefined ? pixels : { ...pixels, sha256 };
    } catch (error) {
      if (COSTLY.has(errorCode(error) ?? "")) costly.set(source, error);
      throw error;
    }
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
  const tools = { decoder: sharpDecoder(options), read: (path: string) => readImage(path, options.maxBytes) };
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
