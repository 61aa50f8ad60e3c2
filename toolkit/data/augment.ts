import { hash } from "../graph/random.ts";
import type { Box, Size } from "../images/resample.ts";

export interface AugmentSettings {
  /** Smallest and largest share of the picture's area that a crop takes; 0.08 and 1 where absent. */
  readonly minArea?: number;
  readonly maxArea?: number;
  /** Smallest and largest width divided by height of a crop; 3/4 and 4/3 where absent. */
  readonly minRatio?: number;
  readonly maxRatio?: number;
  /** 0.5 where absent. */
  readonly flipProbability?: number;
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

/** The draws for one sample in one epoch. */
export function sampleDraw(seed: number, epoch: number, sample: number): Draw {
  return (purpose) => hash(seed, epoch, sample, purpose) / 0x1_0000_0000;
}

/** A random crop and a random flip. */
export function augmentation(size: Size, draw: Draw, settings: AugmentSettings = {}): Augmentation {
  return { box: randomResizedCrop(size, draw, settings), flip: draw(FLIP) < (settings.flipProbability ?? 0.5) };
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
