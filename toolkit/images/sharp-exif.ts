import { stat } from "node:fs/promises";
import sharp from "sharp";
import type { FilePart } from "./decoder.ts";
import { readImage } from "./read-image.ts";

/** EXIF stands in front of a JPEG's pixels; other formats may have it at their end. */
const JPEG_HEAD_BYTES = 256 * 1024;
/** JPEG, PNG, WebP, TIFF: nothing else gets to the library. */
const HAS_EXIF = /^(?:\xFF\xD8\xFF|\x89PNG|RIFF[^]{4}WEBP|II\*\0|MM\0\*)/;

/**
 * The EXIF block of a picture, whose pixels are not decoded; undefined where there is none, or the file cannot be read.
 */
export async function sharpExif(source: string | Uint8Array | FilePart): Promise<Uint8Array | undefined> {
  try {
    const bytes = source instanceof Uint8Array ? source : await headOf(source);
    if (!HAS_EXIF.test(Buffer.from(bytes.subarray(0, 12)).toString("latin1"))) return undefined;
    const { exif } = await sharp(bytes, { failOn: "none", pages: 1 }).metadata();
    return exif;
  } catch {
    return undefined;
  }
}

/** The beginning of a JPEG, all of another file. */
async function headOf(source: string | FilePart): Promise<Uint8Array> {
  const whole = typeof source === "string" ? { file: source, offset: 0, length: (await stat(source)).size } : source;
  const head = await readImage({ ...whole, length: Math.min(whole.length, JPEG_HEAD_BYTES) });
  const isJpeg = head[0] === 0xff && head[1] === 0xd8;
  return isJpeg || head.length === whole.length ? head : readImage(whole);
}
