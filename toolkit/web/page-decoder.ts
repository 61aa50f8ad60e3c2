import { reducedPixels } from "../data/decode-photo.ts";
import type { PhotoDecoder } from "../data/view.ts";
import { errorMessage, ToolkitError } from "../errors.ts";
import type { EncodedPicture, Pixels } from "../images/decoder.ts";
import { jpegHeader } from "../images/jpeg-header.ts";
import { pictureFacts } from "../images/picture-facts.ts";
import { pictureName } from "../images/picture-name.ts";
import type { Size } from "../images/resample.ts";
import { keptPictures } from "./kept-pictures.ts";

export interface PageDecoderOptions {
  /** The files that paths stand for; only bytes can be decoded where absent. */
  readonly photos?: ReadonlyMap<string, Blob>;
  /** Largest width times height of a picture; 100 million where absent. */
  readonly maxPixels?: number;
  /** Largest file; 200 MB where absent. */
  readonly maxBytes?: number;
  /** Most memory for the decoded pictures of files, which are kept for later epochs; 300 MB where absent. */
  readonly keptBytes?: number;
}

/** Photos under way at the same time: the browser decodes beside the calling thread, which only reduces them. */
const AT_ONCE = 3;
/** Bytes in which a JPEG has said its size, as a rule. */
const HEADER_BYTES = 128 * 1024;

/**
 * The decoder of a page or its worker: what the browser reads, reduced by the toolkit's own resizer, so that what decodes to the same pixels is the same to a network
 * as on Node. Orientation is applied and colours become sRGB. A canvas weighs colours by alpha: what is transparent is black.
 */
export function pageDecoder(options: PageDecoderOptions = {}): PhotoDecoder {
  const { photos, maxPixels = 100e6, maxBytes = 200e6, keptBytes = 300e6 } = options;
  const kept = keptPictures(keptBytes);
  return {
    atOnce: AT_ONCE,
    async decode(source, { minSidePx, name: called } = {}) {
      const key = typeof source === "string" ? `${minSidePx ?? 0} ${source}` : undefined;
      const known = key === undefined ? undefined : kept.get(key);
      if (known) return known;
      const name = pictureName(called ?? source);
      const blob = blobOf(source, photos);
      if (blob.size === 0) throw new ToolkitError("E_IMAGE_DECODE", `Cannot decode ${name}: the file is empty`);
      if (blob.size > maxBytes) throw tooLarge(name, `${blob.size} bytes, expected at most ${maxBytes}`);
      const start = new Uint8Array(await readBlob(blob.slice(0, HEADER_BYTES), name));
      expectPixels(jpegHeader(start), maxPixels, name);
      const bitmap = await bitmapOf(blob, start, name);
      try {
        expectPixels(bitmap, maxPixels, name);
        const pixels = reducedPixels(pixelsOf(bitmap), minSidePx);
        if (key !== undefined) kept.put(key, pixels);
        return pixels;
      } finally {
        bitmap.close();
      }
    },
  };
}

/** The pixels that a page shows: of a bitmap, a video's frame, a canvas. Alpha is dropped. */
export function pixelsOf(picture: ImageBitmap | OffscreenCanvas): Pixels {
  const { width, height } = picture;
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw new ToolkitError("E_DECODER", "Cannot decode pictures: this browser has no canvas for workers");
  context.drawImage(picture, 0, 0);
  return rgbOf(context.getImageData(0, 0, width, height));
}

/** Four bytes a pixel as three. */
export function rgbOf({ width, height, data: rgba }: Pick<ImageData, "width" | "height" | "data">): Pixels {
  const data = new Uint8Array(width * height * 3);
  for (let from = 0, to = 0; to < data.length; from += 4, to += 3) {
    data[to] = rgba[from]!;
    data[to + 1] = rgba[from + 1]!;
    data[to + 2] = rgba[from + 2]!;
  }
  return { width, height, data };
}

/** @throws E_IMAGE_READ */
export function blobOf(source: EncodedPicture, photos: ReadonlyMap<string, Blob> | undefined): Blob {
  if (source instanceof Uint8Array) return new Blob([source as Uint8Array<ArrayBuffer>]);
  const blob = typeof source === "string" ? photos?.get(source) : undefined;
  if (blob) return blob;
  throw new ToolkitError("E_IMAGE_READ", `Cannot read ${pictureName(source)}: no such photo was handed in`);
}

/** @throws E_IMAGE_READ where the file has gone or changed since it was chosen */
export async function readBlob(blob: Blob, name: string): Promise<ArrayBuffer> {
  try {
    return await blob.arrayBuffer();
  } catch (cause) {
    throw new ToolkitError("E_IMAGE_READ", `Cannot read ${name}: ${errorMessage(cause)}`, {
      hint: "the file was moved or changed since it was chosen: add it again",
      cause,
    });
  }
}

async function bitmapOf(blob: Blob, start: Uint8Array, name: string): Promise<ImageBitmap> {
  try {
    return await createImageBitmap(blob, { imageOrientation: "from-image", premultiplyAlpha: "none" });
  } catch (cause) {
    const format = pictureFacts(start)?.format;
    if (format && format !== "TIFF") {
      throw new ToolkitError("E_IMAGE_DECODE", `Cannot decode ${name}: this ${format} is damaged`, { cause });
    }
    throw new ToolkitError("E_IMAGE_FORMAT", `Cannot decode ${name}: this browser reads no such pictures`, {
      cause,
      hint: "the content decides, not the name: convert it to JPEG, PNG or WebP",
    });
  }
}

function expectPixels(size: Size | undefined, maxPixels: number, name: string): void {
  if (!size || size.width * size.height <= maxPixels) return;
  throw tooLarge(name, `${size.width} x ${size.height} pixels, expected at most ${maxPixels}`);
}

function tooLarge(name: string, what: string): ToolkitError {
  return new ToolkitError("E_IMAGE_TOO_LARGE", `Cannot decode ${name}: it has ${what}`);
}
