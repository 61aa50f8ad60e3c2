import type { Decoder, Pixels } from "../images/decoder.ts";
import { defaultResizePx, evaluationView, resample } from "../images/resample.ts";
import { type AugmentSettings, augmentation, sampleDraw } from "./augment.ts";

/** How a photo becomes the square that a network sees: plain data, so that another process can do it. */
export interface View {
  /** Side of the square. */
  readonly sizePx: number;
  /** What the shorter side is resized to before the middle is cut out; sizePx * 256 / 224 where absent. */
  readonly resizePx?: number;
  /** Shorter side at which the photo is decoded (and kept, by a cache); `resizePx` where absent. */
  readonly decodePx?: number;
  /** A random crop and flip; the middle where absent. */
  readonly crop?: Crop;
}

/** What a random crop and flip follow from. */
export interface Crop {
  readonly seed: number;
  readonly epoch: number;
  readonly sample: number;
  readonly settings?: AugmentSettings;
}

/** A photo as a network sees it. */
export interface Viewed extends Pixels {
  /** Of the file's bytes, where they were at hand. */
  readonly sha256?: string;
}

/** Makes views itself, elsewhere than where it is asked. */
export interface Viewer {
  /** The bytes of `viewOf`, made from what the photo decodes to. @throws as `Decoder.decode` */
  view(source: string | Uint8Array, view: View): Promise<Viewed>;
  /** Photos that are to be under way at the same time, so that it always has work. */
  readonly atOnce: number;
}

export type PhotoDecoder = Decoder & Partial<Viewer>;

/** Photos under way with a decoder that says nothing of it. */
const AT_ONCE = 4;

/** Photos that are best under way at the same time. */
export function atOnceOf(decoder: PhotoDecoder): number {
  return decoder.atOnce ?? AT_ONCE;
}

/** A photo as a network sees it. @throws as `Decoder.decode` */
export async function viewPhoto(decoder: PhotoDecoder, source: string | Uint8Array, view: View): Promise<Viewed> {
  if (decoder.view) return decoder.view(source, view);
  return viewOf(await decoder.decode(source, { minSidePx: decodePxOf(view) }), view);
}

/** The shorter side at which a photo is decoded for a view. */
export function decodePxOf({ sizePx, resizePx = defaultResizePx(sizePx), decodePx = resizePx }: View): number {
  return decodePx;
}

/** The view of a decoded photo. */
export function viewOf(pixels: Pixels, { sizePx, resizePx = defaultResizePx(sizePx), crop }: View): Pixels {
  if (!crop) return evaluationView(pixels, sizePx, resizePx);
  const { seed, epoch, sample, settings } = crop;
  const { box, flip } = augmentation(pixels, sampleDraw(seed, epoch, sample), settings);
  return resample(pixels, { from: box, width: sizePx, height: sizePx, flip });
}
