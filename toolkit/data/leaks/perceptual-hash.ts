import type { Pixels } from "../../images/decoder.ts";
import { resample } from "../../images/resample.ts";

/** 64 bits as two unsigned 32-bit words. */
export type HashWords = readonly [high: number, low: number];

export interface PerceptualHash {
  readonly hash: HashWords;
  /** Of the picture mirrored left to right. */
  readonly mirrored: HashWords;
}

/** Side of the greyscale that is transformed. */
export const GREY_PX = 32;
const FREQUENCIES = 8;
/** The cosine of each of the 8 lowest frequencies but 0, at each of the 32 pixels: [8,32]. */
const COSINES = Float64Array.from({ length: FREQUENCIES * GREY_PX }, (_, i) => {
  const [frequency, pixel] = [1 + Math.floor(i / GREY_PX), i % GREY_PX];
  return Math.cos(((2 * pixel + 1) * frequency * Math.PI) / (2 * GREY_PX));
});

/**
 * The perceptual hash of a picture from its greyscale, [32,32]: which of the 64 lowest frequencies are above their
 * mean. Pictures that look alike differ in few bits.
 *
 * These are the bits of the package sharp-phash, which tests compare with: that sums all 1024 frequencies, in 4.7 ms a
 * picture instead of 0.08, and reads files by itself, outside the decoder. Mirroring only turns the sign of odd
 * frequencies, so both hashes are one transform.
 */
export function perceptualHash(grey: Uint8Array): PerceptualHash {
  const coefficients = lowFrequencies(grey);
  const mirrored = coefficients.map((value, i) => (Math.floor(i / FREQUENCIES) % 2 === 0 ? -value : value));
  return { hash: aboveMean(coefficients), mirrored: aboveMean(mirrored) };
}

/** 32 by 32 luminances, 0..255 (ITU-R BT.601). */
export function greyscale(pixels: Pixels): Uint8Array {
  const { data } = resample(pixels, { width: GREY_PX, height: GREY_PX });
  return Uint8Array.from({ length: GREY_PX * GREY_PX }, (_, i) =>
    Math.round(0.299 * (data[3 * i] ?? 0) + 0.587 * (data[3 * i + 1] ?? 0) + 0.114 * (data[3 * i + 2] ?? 0)),
  );
}

/** The discrete cosine transform at frequencies 1 to 8 across and down: [8,8], across first. */
function lowFrequencies(grey: Uint8Array): Float64Array {
  const across = new Float64Array(FREQUENCIES * GREY_PX);
  for (let u = 0; u < FREQUENCIES; u++) {
    for (let y = 0; y < GREY_PX; y++) {
      let sum = 0;
      for (let x = 0; x < GREY_PX; x++) sum += COSINES[u * GREY_PX + x]! * grey[y * GREY_PX + x]!;
      across[u * GREY_PX + y] = sum;
    }
  }
  const low = new Float64Array(FREQUENCIES * FREQUENCIES);
  for (let u = 0; u < FREQUENCIES; u++) {
    for (let v = 0; v < FREQUENCIES; v++) {
      let sum = 0;
      for (let y = 0; y < GREY_PX; y++) sum += COSINES[v * GREY_PX + y]! * across[u * GREY_PX + y]!;
      low[u * FREQUENCIES + v] = sum;
    }
  }
  return low;
}

function aboveMean(coefficients: Float64Array): HashWords {
  const mean = coefficients.reduce((sum, value) => sum + value, 0) / coefficients.length;
  const words: [number, number] = [0, 0];
  for (const [i, value] of coefficients.entries()) {
    // a picture of one colour has no frequencies, but rounding errors
    if (value > mean + 1e-6) words[i >> 5] = (words[i >> 5]! | (1 << (31 - (i & 31)))) >>> 0;
  }
  return words;
}
