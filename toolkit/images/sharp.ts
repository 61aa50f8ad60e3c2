import sharp from "sharp";
import type { ResizeOptions, Sharp, SharpOptions } from "sharp";
import { errorMessage, ToolkitError } from "../errors.ts";
import type { DecodeOptions, Decoder, Pixels } from "./decoder.ts";
import { jpegHeader } from "./jpeg-header.ts";
import { pictureName } from "./picture-name.ts";
import { readImage } from "./read-image.ts";
import { shorterSideSize } from "./resample.ts";
import type { Size } from "./resample.ts";

export interface SharpDecoderOptions {
  /** Largest width times height of a picture, from its header; 100 million where absent. */
  readonly maxPixels?: number;
  /** Largest file; 200 MB where absent. */
  readonly maxBytes?: number;
  /** Longest time for one picture; 10 s where absent. */
  readonly timeoutSeconds?: number;
  /** Whether AVIF is read too; false where absent. */
  readonly avif?: boolean;
  /** Whether what a damaged file still holds is taken, rather than refusing it; false where absent. */
  readonly tolerateTruncated?: boolean;
}

/** Older versions of sharp have decoders with known memory errors that a picture can exploit (CVE-2026-84383 in 0.35.3 and before). */
const SHARP_FLOOR = [0, 35, 5] as const;

const LOADERS = [
  "VipsForeignLoadJpeg",
  "VipsForeignLoadPng",
  "VipsForeignLoadWebp",
  "VipsForeignLoadNsgif",
  "VipsForeignLoadTiff",
];

/**
 * The decoder of Node: sharp, which reads JPEG, PNG, WebP, GIF and TIFF here and refuses every other format by its content.
 *
 * Orientation is applied, colour profiles and CMYK become sRGB, 16 bits become 8. Alpha is dropped, not blended, as Pillow's
 * `convert("RGB")` does, on which torchvision's datasets rest. Blocking loaders, one thread a picture and no operation cache are settings of
 * the whole process.
 * @throws E_SETTING where the installed sharp is older than 0.35.5
 */
export function sharpDecoder(options: SharpDecoderOptions = {}): Decoder {
  const { maxPixels = 100e6, maxBytes, timeoutSeconds = 10, avif = false, tolerateTruncated = false } = options;
  checkSharpVersion(sharp.versions.sharp);
  sharp.block({ operation: ["VipsForeignLoad"] });
  sharp.unblock({ operation: avif ? [...LOADERS, "VipsForeignLoadHeif"] : LOADERS });
  sharp.cache(false);
  sharp.concurrency(1); // many pictures at once use the cores better than many threads for one
  const input: SharpOptions = {
    failOn: tolerateTruncated ? "none" : "error",
    limitInputPixels: maxPixels,
    pages: 1,
    sequentialRead: true,
  };
  const { sharp: own, vips } = sharp.versions;
  return {
    version: JSON.stringify(["sharp", own, vips, process.arch, maxPixels, avif, tolerateTruncated]),
    async decode(source, decodeOptions = {}) {
      const name = pictureName(decodeOptions.name ?? source);
      // a buffer, not the path: libvips reads options out of file names ("a[page=2].tif")
      const bytes = source instanceof Uint8Array ? source : await readImage(source, maxBytes);
      try {
        return await decodeBytes(bytes, input, timeoutSeconds, decodeOptions);
      } catch (error) {
        throw imageError(name, error, bytes);
      }
    },
  };
}

/**
 * Refuses versions of sharp below 0.35.5.
 * @throws E_SETTING
 */
export function checkSharpVersion(version: string): void {
  const parts = version.split(/[.-]/, 3).map(Number);
  const difference = SHARP_FLOOR.map((floor, i) => (parts[i] ?? 0) - floor).find((d) => d !== 0) ?? 0;
  if (difference >= 0) return;
  throw new ToolkitError("E_SETTING", `Cannot use sharp ${version}: expected ${SHARP_FLOOR.join(".")} or newer`, {
    hint: "older versions have known security holes in their decoders: npm install sharp@latest",
  });
}

async function decodeBytes(
  bytes: Uint8Array,
  input: SharpOptions,
  seconds: number,
  { minSidePx }: DecodeOptions,
): Promise<Pixels> {
  const upright = sharp(bytes, input).timeout({ seconds }).autoOrient();
  if (minSidePx === undefined) return pixels(upright);
  const { from, hasAlpha } = await uprightSize(bytes, input, minSidePx);
  if (Math.min(from.width, from.height) <= minSidePx) return pixels(upright);
  const { width, height } = shorterSideSize(from, minSidePx);
  // the triangle filter is Pillow's antialiased BILINEAR; shrinking while loading stops at twice the size, beyond which it shows
  const resize: ResizeOptions = { width, height, fit: "fill", kernel: "linear", fastShrinkOnLoad: false };
  if (!hasAlpha) return pixels(upright.resize(resize));
  // sharp would weigh colours by alpha while it reduces: drop alpha first
  const { data, width: w, height: h } = await pixels(upright);
  return pixels(
    sharp(data, { raw: { width: w, height: h, channels: 3 }, limitInputPixels: false })
      .timeout({ seconds })
      .resize(resize),
  );
}

/** Asking the library takes a quarter of the time of decoding: only what the header of a JPEG leaves open is asked. */
async function uprightSize(
  bytes: Uint8Array,
  input: SharpOptions,
  minSidePx: number,
): Promise<{ readonly from: Size; readonly hasAlpha: boolean }> {
  const stated = jpegHeader(bytes);
  // turned or not, it is not reduced
  const isSmall = stated !== undefined && Math.min(stated.width, stated.height) <= minSidePx;
  if (stated && (isSmall || !stated.hasExif)) return { from: stated, hasAlpha: false };
  const { autoOrient, hasAlpha } = await sharp(bytes, input).metadata();
  return { from: autoOrient, hasAlpha };
}

async function pixels(pipeline: Sharp): Promise<Pixels> {
  const { data, info } = await pipeline
    .removeAlpha()
    .toColourspace("srgb")
    .raw({ depth: "uchar" })
    .toBuffer({ resolveWithObject: true });
  if (info.channels !== 3) throw new Error(`expected 3 channels, got ${info.channels}`);
  return { width: info.width, height: info.height, data };
}

function imageError(name: string, cause: unknown, bytes: Uint8Array): ToolkitError {
  const why = errorMessage(cause).trim().split("\n").at(0) ?? "";
  if (/unsupported image format/.test(why)) {
    return new ToolkitError("E_IMAGE_FORMAT", `Cannot decode ${name}: expected JPEG, PNG, WebP, GIF or TIFF`, {
      cause,
      hint: formatHint(bytes),
    });
  }
  if (/exceeds pixel limit/.test(why)) {
    return new ToolkitError("E_IMAGE_TOO_LARGE", `Cannot decode ${name}: it has more pixels than the limit`, { cause });
  }
  if (why.startsWith("timeout")) return new ToolkitError("E_IMAGE_TIMEOUT", `Cannot decode ${name}: ${why}`, { cause });
  return new ToolkitError("E_IMAGE_DECODE", `Cannot decode ${name}: ${why}`, { cause });
}

function formatHint(bytes: Uint8Array): string {
  const start = String.fromCharCode(...bytes.subarray(0, 12));
  if (start.startsWith("ftyp", 4)) return "this is HEIC or AVIF: convert it to JPEG, or allow AVIF";
  if (/^\s*</.test(start)) return "this is a text file (HTML, XML or SVG), perhaps a failed download";
  return "the content decides, not the name: convert it to JPEG or PNG";
}
