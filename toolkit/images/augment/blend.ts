import type { Pixels } from "../decoder.ts";

/**
 * base + factor * (picture - base), in float32 and cut off, kept within 0..255: Pillow's Image.blend. Factor 0 gives the base, 1 the picture;
 * beyond 1 the difference grows.
 */
export function blend(base: Pixels, { width, height, data }: Pixels, factor: number): Pixels {
  const products = differences(factor);
  const from = base.data;
  const out = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i++) {
    const level = from[i]!;
    const sum = Math.fround(level + products[255 + data[i]! - level]!);
    out[i] = sum < 0 ? 0 : sum > 255 ? 255 : sum;
  }
  return { width, height, data: out };
}

/** The level that each level becomes where the base has the same level everywhere. */
export function blendedLevel(base: number, factor: number): (value: number) => number {
  const products = differences(factor);
  return (value) => Math.fround(base + products[255 + value - base]!);
}

/** Each difference of two levels times the factor, both float32; that of -255 first. */
function differences(factor: number): Float32Array {
  const single = Math.fround(factor);
  return Float32Array.from({ length: 511 }, (_, i) => single * (i - 255));
}
