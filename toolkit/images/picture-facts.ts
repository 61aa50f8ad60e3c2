import { jpegHeader } from "./jpeg-header.ts";

export type PictureFormat = "JPEG" | "PNG" | "GIF" | "WebP" | "TIFF";

/** What the first bytes of a file say of the picture in it. */
export interface PictureFacts {
  readonly format: PictureFormat;
  readonly isCmyk: boolean;
  /** Whether there is more than one picture; false too where the second one lies behind the bytes. */
  readonly isAnimated: boolean;
}

/** Reads the beginning of a file, without decoding anything; undefined where it begins as no picture does. */
export function pictureFacts(bytes: Uint8Array): PictureFacts | undefined {
  const start = String.fromCharCode(...bytes.subarray(0, 12));
  const plain = { isCmyk: false, isAnimated: false };
  if (start.startsWith("\xff\xd8\xff")) {
    return { ...plain, format: "JPEG", isCmyk: jpegHeader(bytes)?.channels === 4 };
  }
  if (start.startsWith("\x89PNG")) return { ...plain, format: "PNG", isAnimated: isAnimatedPng(bytes) };
  if (start.startsWith("GIF8")) return { ...plain, format: "GIF", isAnimated: isAnimatedGif(bytes) };
  if (/^RIFF[^]{4}WEBP$/.test(start)) return { ...plain, format: "WebP", isAnimated: isAnimatedWebp(bytes) };
  if (/^(?:II\*\0|MM\0\*)/.test(start)) return { ...plain, format: "TIFF" };
  return undefined;
}

/** A chunk acTL in front of the first IDAT (W3C PNG Specification, third edition, 11.3.7). */
function isAnimatedPng(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 8; at + 8 <= bytes.length; at += 12 + view.getUint32(at)) {
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (type === "acTL") return true;
    if (type === "IDAT") return false;
  }
  return false;
}

/** The bit A of a chunk VP8X (WebP container specification, "Extended File Format"). */
function isAnimatedWebp(bytes: Uint8Array): boolean {
  return String.fromCharCode(...bytes.subarray(12, 16)) === "VP8X" && ((bytes[20] ?? 0) & 2) !== 0;
}

const GIF_IMAGE = 0x2c;
const GIF_EXTENSION = 0x21;

/** A second image descriptor (GIF89a specification, sections 15 to 26). */
function isAnimatedGif(bytes: Uint8Array): boolean {
  let at = 13 + colourTable(bytes[10] ?? 0);
  for (let images = 0; at < bytes.length;) {
    const block = bytes[at];
    if (block === GIF_IMAGE) {
      images++;
      if (images > 1) return true;
      at = afterSubBlocks(bytes, at + 11 + colourTable(bytes[at + 9] ?? 0));
    } else if (block === GIF_EXTENSION) at = afterSubBlocks(bytes, at + 2);
    else return false;
  }
  return false;
}

/** Bytes of a colour table, of which a byte of flags says whether it is there and how long it is. */
function colourTable(flags: number): number {
  return (flags & 0x80) === 0 ? 0 : 3 * 2 ** ((flags & 7) + 1);
}

/** Where the sub-blocks that begin at `at` end: each begins with its length, and the last one has none. */
function afterSubBlocks(bytes: Uint8Array, at: number): number {
  let next = at;
  while (next < bytes.length && bytes[next] !== 0) next += 1 + (bytes[next] ?? 0);
  return next + 1;
}
