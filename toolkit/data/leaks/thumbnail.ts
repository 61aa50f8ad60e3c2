import { GREY_PX } from "./perceptual-hash.ts";

const SIDE_PX = 16;
/**
 * Standard deviation, in steps of 255, below which a picture counts as one colour: what it correlates with is noise.
 */
const FLAT = 2;

/** The 16 by 16 thumbnail of a 32 by 32 greyscale. */
export function thumbnailOf(grey: Uint8Array): Uint8Array {
  return Uint8Array.from({ length: SIDE_PX * SIDE_PX }, (_, i) => {
    const at = 2 * (Math.floor(i / SIDE_PX) * GREY_PX + (i % SIDE_PX));
    const sum = [0, 1, GREY_PX, GREY_PX + 1].reduce((total, offset) => total + (grey[at + offset] ?? 0), 0);
    return Math.round(sum / 4);
  });
}

/** Whether a picture is as good as of one colour. */
export function isFlat(thumbnail: Uint8Array): boolean {
  let sum = 0;
  let squares = 0;
  for (const value of thumbnail) {
    sum += value;
    squares += value * value;
  }
  const count = thumbnail.length;
  return squares / count - (sum / count) ** 2 < FLAT * FLAT;
}

/**
 * Pearson's correlation of two thumbnails that are not of one colour, -1..1: it asks for neither brightness nor
 * contrast. Where `mirrored`, the second is turned left to right.
 */
export function correlation(a: Uint8Array, b: Uint8Array, { mirrored }: { readonly mirrored: boolean }): number {
  let [sumA, sumB, squaresA, squaresB, products] = [0, 0, 0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const x = a[i]!;
    const y = b[mirrored ? i - (i % SIDE_PX) + (SIDE_PX - 1 - (i % SIDE_PX)) : i]!;
    sumA += x;
    sumB += y;
    squaresA += x * x;
    squaresB += y * y;
    products += x * y;
  }
  // whole numbers, far below 2^53: nothing is lost
  const n = a.length;
  const spread = (n * squaresA - sumA * sumA) * (n * squaresB - sumB * sumB);
  return (n * products - sumA * sumB) / Math.sqrt(spread);
}
