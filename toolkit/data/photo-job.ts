import { statSync } from "node:fs";
import type { DecodeOptions, Decoder, EncodedPicture, FilePart, Pixels } from "../images/decoder.ts";
import { picturePath } from "../images/picture-name.ts";
import { hashBytes } from "./hash.ts";
import { pictureKey, readPicture, writePicture } from "./picture-cache.ts";
import type { PicturePlace } from "./picture-cache.ts";
import { type View, viewOf } from "./view.ts";

/** One photo to decode, and what to make of it: plain data, so that another process can do it. */
export interface PhotoJob {
  readonly source: EncodedPicture;
  readonly minSidePx?: number;
  /** Decoded pixels where absent. */
  readonly view?: View;
  /** Where decoded pictures of files are kept; nowhere where absent. */
  readonly cache?: JobCache;
}

export interface JobCache {
  readonly place: PicturePlace;
  /** Whether a picture that is not there yet is written. */
  readonly mayWrite: boolean;
  /** What an earlier job found. */
  readonly known?: KnownFile;
}

/** A file's digest, and what the file system said of it then: where that has not changed the file need not be read again. */
export interface KnownFile {
  readonly stamp: string;
  readonly sha256: string;
}

export interface PhotoResult {
  readonly pixels: Pixels;
  /** Of the encoded bytes; absent where these were given. */
  readonly sha256?: string;
  readonly known?: KnownFile;
  /** What was added to the cache. */
  readonly writtenBytes: number;
}

/** What a job is done with. */
export interface JobTools {
  readonly decoder: Decoder;
  /** The bytes of a photo's file, or of its part of one. @throws E_IMAGE_* */
  readonly read: (source: string | FilePart) => Uint8Array | Promise<Uint8Array>;
}

/** Decodes a photo, or finds it decoded, and makes the view of it. @throws as `Decoder.decode` */
export async function photoJob(tools: JobTools, job: PhotoJob): Promise<PhotoResult> {
  const { source, minSidePx, view, cache } = job;
  const options = minSidePx === undefined ? {} : { minSidePx };
  const { pixels, ...found } =
    source instanceof Uint8Array
      ? { pixels: await tools.decoder.decode(source, options), writtenBytes: 0 }
      : await decodeFile(tools, source, options, cache);
  return { ...found, pixels: view ? viewOf(pixels, view) : pixels };
}

async function decodeFile(
  { decoder, read }: JobTools,
  source: string | FilePart,
  options: DecodeOptions,
  cache: JobCache | undefined,
): Promise<PhotoResult> {
  const decode = (bytes: Uint8Array): Promise<Pixels> =>
    decoder.decode(bytes, { ...options, name: picturePath(source) });
  if (!cache || decoder.version === undefined) {
    const bytes = await read(source);
    return { pixels: await decode(bytes), sha256: hashBytes(bytes), writtenBytes: 0 };
  }
  const stamp = stampOf(typeof source === "string" ? source : source.file);
  const known = stamp !== undefined && cache.known?.stamp === stamp ? cache.known : undefined;
  const bytes = known ? undefined : await read(source);
  const sha256 = known?.sha256 ?? hashBytes(bytes ?? new Uint8Array(0));
  const file = { stamp: stamp ?? "", sha256 };
  const key = pictureKey(sha256, options.minSidePx, decoder.version);
  const kept = readPicture(cache.place, key);
  if (kept) return { pixels: kept, sha256, known: file, writtenBytes: 0 };
  const now = bytes ?? (await read(source));
  const pixels = await decode(now);
  // the file may have become another meanwhile
  const nowSha256 = now === bytes ? sha256 : hashBytes(now);
  const mayWrite = cache.mayWrite && nowSha256 === sha256;
  const writtenBytes = mayWrite ? writePicture(cache.place, key, pixels) : 0;
  return { pixels, sha256: nowSha256, known: file, writtenBytes };
}

function stampOf(path: string): string | undefined {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found && [found.dev, found.ino, found.size, found.mtimeNs, found.ctimeNs].join(" ");
}
