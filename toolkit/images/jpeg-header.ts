import type { Size } from "./resample.ts";

export interface JpegHeader extends Size {
  /** Whether it has Exif data, which may say that the picture is to be turned. */
  readonly hasExif: boolean;
  /** 1 for grey, 3 for colours, 4 for CMYK. */
  readonly channels: number;
}

/** Frame headers: SOF0 to SOF15 without the three of this range that are something else (DHT, JPG, DAC). */
const FRAMES = new Set([0xc0, 0xc1, 0xc2, 0xc3, 0xc5, 0xc6, 0xc7, 0xc9, 0xca, 0xcb, 0xcd, 0xce, 0xcf]);
const START_OF_SCAN = 0xda;
const APP1 = 0xe1;

/** What a JPEG says before its first scan: its size before the picture is turned upright, and its channels; undefined where it says none. */
export function jpegHeader(bytes: Uint8Array): JpegHeader | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 4 || view.getUint16(0) !== 0xffd8) return undefined;
  let frame: Omit<JpegHeader, "hasExif"> | undefined;
  let hasExif = false;
  for (let at = 2; at + 9 <= bytes.length && bytes[at] === 0xff;) {
    const marker = bytes[at + 1] ?? 0;
    if (marker === START_OF_SCAN) break;
    if (marker === APP1) hasExif ||= isExif(bytes.subarray(at + 4));
    if (FRAMES.has(marker)) frame ??= frameAt(view, at);
    // bytes of 0xff may fill the space before a marker
    at += marker === 0xff ? 1 : 2 + view.getUint16(at + 2);
  }
  return frame && frame.width > 0 && frame.height > 0 ? { ...frame, hasExif } : undefined;
}

function frameAt(view: DataView, at: number): Omit<JpegHeader, "hasExif"> {
  const channels = at + 9 < view.byteLength ? view.getUint8(at + 9) : 0;
  return { height: view.getUint16(at + 5), width: view.getUint16(at + 7), channels };
}

function isExif(segment: Uint8Array): boolean {
  return String.fromCharCode(...segment.subarray(0, 4)) === "Exif";
}
