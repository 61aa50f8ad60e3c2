import { hash } from "../graph/random.ts";
import type { Box, Size } from "../images/resample.ts";
import type { AugmentStep } from "./augment-step.ts";

/** How a training picture differs from one that is evaluated: plain data, in the order in which it is done. */
export interface AugmentSettings {
  /**
   * "resized" where absent: a part of the photo, resized to the square. "padded": the square of evaluation with a border around it, of which a
   * part as large as the square is shown. "none": the square of evaluation.
   */
  readonly crop?: "resized" | "padded" | "none";
  /** Pixels of that border; an eighth of the square where absent: 4 for 32. */
  readonly padding?: number;
  /** Smallest and largest share of the picture's area that a resized crop takes; 0.08 and 1 where absent. */
  readonly minArea?: number;
  readonly maxArea?: number;
  /** Smallest and largest width divided by height of a crop; 3/4 and 4/3 where absent. */
  readonly minRatio?: number;
  readonly maxRatio?: number;
  /** How often it is mirrored left to right; 0.5 where absent. */
  readonly flipProbability?: number;
  /** What else is done to the square, one after another. */
  readonly steps?: readonly AugmentStep[];
}

/** Which part of a picture is shown, and whether mirrored left to right. */
export interface Augmentation {
  readonly box: Box;
  readonly flip: boolean;
}

/** A number in [0, 1) for each purpose, always the same for the same purpose. */
export type Draw = (purpose: number) => number;

/** Crops that are tried before the largest allowed one in the middle is taken. */
const ATTEMPTS = 10;
const FLIP = 0;
/** Behind those of the attempts. */
const PADDED = FLIP + 1 + ATTEMPTS * 4;

/** The draws for one sample in one epoch. */
export function sampleDraw(seed: number, epoch: number, sample: number): Draw {
  return (purpose) => hash(seed, epoch, sample, purpose) / 0x1_0000_0000;
}

/** A random crop and a random flip. */
export function augmentation(size: Size, draw: Draw, settings: AugmentSettings = {}): Augmentation {
  return { box: randomResizedCrop(size, draw, settings), flip: isFlipped(draw, settings) };
}

/** Whether it is mirrored left to right. */
export function isFlipped(draw: Draw, { flipProbability = 0.5 }: AugmentSettings = {}): boolean {
  return draw(FLIP) < flipProbability;
}

/** The crop of torchvision's RandomResizedCrop.get_params: area uniform, ratio uniform in its logarithm, ten attempts, then the middle. */
export function randomResizedCrop({ width, height }: Size, draw: Draw, settings: AugmentSettings = {}): Box {
  const { minArea = 0.08, maxArea = 1, minRatio = 3 / 4, maxRatio = 4 / 3 } = settings;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const purpose = FLIP + 1 + attempt * 4;
    const area = width * height * (minArea + (maxArea - minArea) * draw(purpose));
    const ratio = minRatio * (maxRatio / minRatio) ** draw(purpose + 1);
    const w = Math.round(Math.sqrt(area * ratio));
    const h = Math.round(Math.sqrt(area / ratio));
    if (w < 1 || h < 1 || w > width || h > height) continue;
    const left = Math.floor(draw(purpose + 2) * (width - w + 1));
    const top = Math.floor(draw(purpose + 3) * (height - h + 1));
    return { left, top, width: w, height: h };
  }
  const w = Math.min(width, Math.max(1, Math.round(height * maxRatio)));
  const h = Math.min(height, Math.max(1, Math.round(width / minRatio)));
  return { left: Math.floor((width - w) / 2), top: Math.floor((height - h) / 2), width: w, height: h };
}

/** Where a padded crop begins in the padded picture: each place from 0 to 2 * padding is equally likely. */
export function paddedPlace(padding: number, draw: Draw): { readonly left: number; readonly top: number } {
  const place = (purpose: number): number => Math.floor(draw(purpose) * (2 * padding + 1));
  return { left: place(PADDED), top: place(PADDED + 1) };
}

/** The order in which an epoch visits `count` samples: Fisher and Yates's shuffle. */
export function epochOrder(count: number, seed: number, epoch: number): Int32Array {
  const order = Int32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor((hash(seed, epoch, i) / 0x1_0000_0000) * (i + 1));
    const swapped = order[i] ?? 0;
    order[i] = order[j] ?? 0;
    order[j] = swapped;
  }
  return order;
}
