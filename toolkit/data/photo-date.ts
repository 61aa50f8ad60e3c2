import { stat } from "node:fs/promises";
import exifReader from "exif-reader";
import { errorCode } from "../errors.ts";
import type { Entry } from "./entry.ts";
import { inOrder } from "./in-order.ts";
import type { PhotoSource } from "./sample.ts";

/** When a photo was taken. */
export interface PhotoDate {
  /** Milliseconds since 1970. The camera's clock counts as UTC: EXIF mostly says no time zone. */
  readonly ms: number;
  /** "file": when the file was last written, which copying may have changed. */
  readonly from: "exif" | "file";
}

/** The EXIF block of a picture, where it has one: see images/sharp-exif.ts. */
export type ExifOf = (source: PhotoSource) => Promise<Uint8Array | undefined>;

export interface PhotoDatesOptions {
  readonly exifOf: ExifOf;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

/** Cameras without a set clock write zeros. */
const EARLIEST = Date.UTC(1900, 0, 1);
/** Files that are read at the same time. */
const AT_ONCE = 8;

/** The dates of photos by their ids; those that nobody knows are absent. Throws the signal's reason where it aborts. */
export async function photoDates(
  entries: readonly Entry[],
  { exifOf, signal, onProgress }: PhotoDatesOptions,
): Promise<ReadonlyMap<string, PhotoDate>> {
  const dates = new Map<string, PhotoDate>();
  const dateOf = async (i: number): Promise<PhotoDate | undefined> => {
    const entry = entries[i];
    return entry && photoDate(entry.picture ?? entry.path, exifOf);
  };
  const options = { concurrency: AT_ONCE, ahead: 4 * AT_ONCE, ...(signal ? { signal } : {}) };
  let done = 0;
  for await (const date of inOrder(entries.length, dateOf, options)) {
    const id = entries[done]?.id;
    if (date && id !== undefined) dates.set(id, date);
    done++;
    onProgress?.(done, entries.length);
  }
  return dates;
}

/**
 * When a photo was taken: EXIF's DateTimeOriginal, else DateTimeDigitized, else, of a file of its own, when that was
 * last written.
 */
export async function photoDate(source: PhotoSource, exifOf: ExifOf): Promise<PhotoDate | undefined> {
  const block = await exifOf(source);
  const taken = block && exifDate(block);
  if (taken !== undefined) return { ms: taken, from: "exif" };
  if (typeof source !== "string") return undefined;
  const status = await stat(source).catch((error: unknown) => {
    if (errorCode(error) === undefined) throw error;
    return undefined;
  });
  return status && { ms: status.mtimeMs, from: "file" };
}

/**
 * When an EXIF block says that its photo was taken, in milliseconds since 1970; undefined where it does not, or is
 * damaged.
 */
export function exifDate(block: Uint8Array): number | undefined {
  try {
    const { Photo } = exifReader(Buffer.from(block.buffer, block.byteOffset, block.byteLength));
    const dates: readonly unknown[] = [Photo?.DateTimeOriginal, Photo?.DateTimeDigitized];
    const known = dates.find((date) => date instanceof Date && date.getTime() >= EARLIEST);
    return known instanceof Date ? known.getTime() : undefined;
  } catch {
    return undefined;
  }
}
