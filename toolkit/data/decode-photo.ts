import type { DecodeOptions, Decoder, Pixels } from "../images/decoder.ts";
import { resample, shorterSideSize } from "../images/resample.ts";
import type { PhotoSource, Sample } from "./sample.ts";

/** A photo, by its path or by what a data set says of it. */
export type Photo = string | Pick<Sample, "path" | "picture">;

/** Where a photo is. */
export function sourceOf(photo: Photo): PhotoSource {
  return typeof photo === "string" ? photo : (photo.picture ?? photo.path);
}

/** What messages call a photo. */
export function pathOf(photo: Photo): string {
  return typeof photo === "string" ? photo : photo.path;
}

/** The pixels of a photo, wherever it is. @throws as `Decoder.decode` */
export async function decodePhoto(
  decoder: Decoder,
  source: PhotoSource,
  { minSidePx }: Pick<DecodeOptions, "minSidePx"> = {},
): Promise<Pixels> {
  if (isPixels(source)) return reducedPixels(source, minSidePx);
  return decoder.decode(source, minSidePx === undefined ? {} : { minSidePx });
}

/** Whether nothing is to be decoded. */
export function isPixels(source: PhotoSource): source is Pixels {
  return typeof source === "object" && "data" in source;
}

/** What decoding to a shorter side of `minSidePx` makes of pixels: none is enlarged. */
export function reducedPixels(pixels: Pixels, minSidePx: number = Infinity): Pixels {
  const isSmall = Math.min(pixels.width, pixels.height) <= minSidePx;
  return isSmall ? pixels : resample(pixels, shorterSideSize(pixels, minSidePx));
}
