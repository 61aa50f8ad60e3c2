import type { Decoder, EncodedPicture, Pixels } from "../images/decoder.ts";
import { flipHorizontal } from "../images/augment/flip.ts";
import { paddedCrop } from "../images/augment/padded-crop.ts";
import { defaultResizePx, evaluationView, resample } from "../images/resample.ts";
import { type AugmentSettings, augmentation, type Draw, isFlipped, paddedPlace, sampleDraw } from "./augment.ts";
import { applySteps } from "./augment-apply.ts";
import { isPixels, reducedPixels } from "./decode-photo.ts";
import type { PhotoSource } from "./sample.ts";

/** How a photo becomes the square that a network sees: plain data, so that another process can do it. */
export interface View {
  /** Side of the square. */
  readonly sizePx: number;
  /** What the shorter side is resized to before the middle is cut out; sizePx * 256 / 224 where absent. */
  readonly resizePx?: number;
  /** Shorter side at which the photo is decoded (and kept, by a cache); `resizePx` where absent. */
  readonly decodePx?: number;
  /** A random crop and what else augmentation does; the middle where absent. */
  readonly crop?: Crop;
}

/** What augmentation follows from. */
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
  view(source: EncodedPicture, view: View): Promise<Viewed>;
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
export async function viewPhoto(decoder: PhotoDecoder, source: PhotoSource, view: View): Promise<Viewed> {
  if (isPixels(source)) return viewOf(reducedPixels(source, decodePxOf(view)), view);
  if (decoder.view) return decoder.view(source, view);
  return viewOf(await decoder.decode(source, { minSidePx: decodePxOf(view) }), view);
}

/** The shorter side at which a photo is decoded for a view. */
export function decodePxOf({ sizePx, resizePx = defaultResizePx(sizePx), decodePx = resizePx }: View): number {
  return decodePx;
}

/** The view of a decoded photo. */
export function viewOf(pixels: Pixels, view: View): Pixels {
  const { sizePx, resizePx = defaultResizePx(sizePx), crop } = view;
  if (!crop) return evaluationView(pixels, sizePx, resizePx);
  const { seed, epoch, sample, settings = {} } = crop;
  const draw = sampleDraw(seed, epoch, sample);
  return applySteps(croppedView(pixels, { sizePx, resizePx }, draw, settings), settings.steps ?? [], draw);
}

/** The square that a random crop and flip make. */
function croppedView(
  pixels: Pixels,
  { sizePx, resizePx }: { readonly sizePx: number; readonly resizePx: number },
  draw: Draw,
  settings: AugmentSettings,
): Pixels {
  const { crop = "resized", padding = Math.round(sizePx / 8) } = settings;
  if (crop === "resized") {
    const { box, flip } = augmentation(pixels, draw, settings);
    return resample(pixels, { from: box, width: sizePx, height: sizePx, flip });
  }
  const whole = evaluationView(pixels, sizePx, resizePx);
  const shown = crop === "padded" ? paddedCrop(whole, { padding, ...paddedPlace(padding, draw) }) : whole;
  return isFlipped(draw, settings) ? flipHorizontal(shown) : shown;
}
