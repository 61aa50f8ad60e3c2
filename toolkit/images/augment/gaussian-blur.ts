import type { Pixels } from "../decoder.ts";

/** Boxes whose means, one after another, come near a Gaussian: as many as Pillow takes. */
const PASSES = 3;
/** Weights are whole multiples of 2^-24. */
const ONE = 1 << 24;

/**
 * Pillow's ImageFilter.GaussianBlur: means over boxes whose ends count in part (P. Gwosdek and others, "Theoretical foundations of Gaussian
 * convolution by extended box filtering", 2011). `sigma` is the Gaussian's standard deviation in pixels.
 */
export function gaussianBlur({ width, height, data }: Pixels, sigma: number): Pixels {
  const out = data.slice();
  const radius = boxRadius(sigma);
  if (radius === 0) return { width, height, data: out };
  const row = width * 3;
  const box = boxOf(radius, Math.max(width, height));
  for (let y = 0; y < height; y++) for (let c = 0; c < 3; c++) blurLine(out, y * row + c, 3, width, box);
  for (let i = 0; i < row; i++) blurLine(out, i, row, height, box);
  return { width, height, data: out };
}

/** The radius of a box whose `PASSES`-fold mean has the variance of the Gaussian; every step in float32, as in Pillow. */
function boxRadius(sigma: number): number {
  const f = Math.fround;
  const variance = f(f(f(sigma) * f(sigma)) / PASSES);
  const length = f(Math.sqrt(12 * variance + 1));
  const whole = Math.floor((length - 1) / 2);
  const above = f((2 * whole + 1) * f(whole * (whole + 1) - f(3 * variance)));
  const below = f(6 * f(variance - (whole + 1) * (whole + 1)));
  return f(whole + f(above / below));
}

interface Box {
  /** Whole pixels to either side of the middle. */
  readonly radius: number;
  /** What each pixel weighs, and what those just outside. */
  readonly weight: number;
  readonly endWeight: number;
  /** Room for a line with as many pixels at either end as the box reads there. */
  readonly line: Uint8Array;
}

function boxOf(radius: number, longest: number): Box {
  const whole = Math.trunc(radius);
  const weight = Math.trunc(Math.fround(ONE / Math.fround(Math.fround(radius * 2) + 1)));
  const endWeight = Math.floor((ONE - (whole * 2 + 1) * weight) / 2);
  return { radius: whole, weight, endWeight, line: new Uint8Array(longest + 2 * (whole + 1)) };
}

/** Blurs `length` bytes, `step` apart, in place; beyond the ends the last byte goes on. */
function blurLine(data: Uint8Array, start: number, step: number, length: number, box: Box): void {
  const { radius, weight, endWeight, line } = box;
  const edge = radius + 1;
  const span = 2 * radius + 1;
  for (let pass = 0; pass < PASSES; pass++) {
    for (let i = 0, p = start; i < length; i++, p += step) line[edge + i] = data[p]!;
    line.fill(line[edge]!, 0, edge);
    line.fill(line[edge + length - 1]!, edge + length, length + 2 * edge);
    let sum = 0;
    for (let i = 0; i < span; i++) sum += line[i]!;
    for (let i = 0, p = start; i < length; i++, p += step) {
      const far = line[i + span]!;
      sum += far - line[i]!;
      // below 2^32, which the shift reads without a sign
      data[p] = (Math.imul(sum, weight) + Math.imul(line[i]! + line[i + span + 1]!, endWeight) + ONE / 2) >>> 24;
    }
  }
}
