import type { Pixels } from "../decoder.ts";
import { BLACK, filled } from "./colour.ts";
import type { Colour } from "./colour.ts";

export interface WarpOptions {
  /** "bilinear" where absent. */
  readonly interpolation?: "nearest" | "bilinear";
  /** What is shown where the picture has nothing; black where absent. */
  readonly fill?: Colour;
}

/** a, b, c, d, e, f: the pixel (x, y) of the result shows (a x + b y + c, d x + e y + f) of the picture. */
export type AffineMatrix = readonly [number, number, number, number, number, number];

/** a to h: both of what an affine matrix gives are divided by g x + h y + 1. */
export type PerspectiveMatrix = readonly [number, number, number, number, number, number, number, number];

/**
 * Moves pixels by a matrix, the size kept: Pillow's Image.transform with AFFINE (python-pillow/Pillow, src/libImaging/Geometry.c). Coordinates are
 * those of the pixels' middles, half a pixel from their corners.
 */
export function warpAffine(pixels: Pixels, matrix: AffineMatrix, options: WarpOptions = {}): Pixels {
  if (options.interpolation !== "nearest") return bilinear(pixels, [...matrix, 0, 0], options);
  return nearestAffine(pixels, matrix, options);
}

/** Moves pixels as a plane is seen from elsewhere, the size kept: Pillow's Image.transform with PERSPECTIVE. */
export function warpPerspective(pixels: Pixels, matrix: PerspectiveMatrix, options: WarpOptions = {}): Pixels {
  return options.interpolation === "nearest" ? nearest(pixels, matrix, options) : bilinear(pixels, matrix, options);
}

function bilinear({ width, height, data }: Pixels, m: PerspectiveMatrix, { fill = BLACK }: WarpOptions): Pixels {
  const out = filled(width, height, fill);
  const [a, b, c, d, e, f, g, h] = m;
  const row = width * 3;
  let o = 0;
  for (let y = 0; y < height; y++) {
    const ymid = y + 0.5;
    for (let x = 0; x < width; x++, o += 3) {
      const xmid = x + 0.5;
      const depth = g * xmid + h * ymid + 1;
      const sx = (a * xmid + b * ymid + c) / depth;
      const sy = (d * xmid + e * ymid + f) / depth;
      if (!(sx >= 0 && sx < width && sy >= 0 && sy < height)) continue;
      const left = Math.floor(sx - 0.5);
      const top = Math.floor(sy - 0.5);
      const dx = sx - 0.5 - left;
      const dy = sy - 0.5 - top;
      // beyond the border its pixels go on
      const upper = top < 0 ? 0 : top * row;
      const lower = top + 1 < height ? (top + 1) * row : upper;
      const x0 = left < 0 ? 0 : left * 3;
      const x1 = left + 1 < width ? (left + 1) * 3 : x0;
      for (let k = 0; k < 3; k++) {
        const p = data[upper + x0 + k]!;
        const q = data[lower + x0 + k]!;
        const above = p + (data[upper + x1 + k]! - p) * dx;
        const below = q + (data[lower + x1 + k]! - q) * dx;
        out[o + k] = above + (below - above) * dy;
      }
    }
  }
  return { width, height, data: out };
}

function nearest({ width, height, data }: Pixels, m: PerspectiveMatrix, { fill = BLACK }: WarpOptions): Pixels {
  const out = filled(width, height, fill);
  const [a, b, c, d, e, f, g, h] = m;
  let o = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++, o += 3) {
      const depth = g * (x + 0.5) + h * (y + 0.5) + 1;
      const sx = (a * (x + 0.5) + b * (y + 0.5) + c) / depth;
      const sy = (d * (x + 0.5) + e * (y + 0.5) + f) / depth;
      if (!(sx >= 0 && sx < width && sy >= 0 && sy < height)) continue;
      copyPixel(data, (Math.trunc(sy) * width + Math.trunc(sx)) * 3, out, o);
    }
  }
  return { width, height, data: out };
}

/** Pillow adds the steps up here: in 16 bits behind the point, but where a picture is only scaled or is too large for them. */
function nearestAffine({ width, height, data }: Pixels, m: AffineMatrix, { fill = BLACK }: WarpOptions): Pixels {
  const out = filled(width, height, fill);
  const isScaling = m[1] === 0 && m[3] === 0;
  const unit = isScaling || !fitsFixed(m, width, height) ? 1 : 65536;
  const fix = (v: number): number => (unit === 1 ? v : Math.floor(v * unit + 0.5));
  const [a, b, d, e] = [fix(m[0]), fix(m[1]), fix(m[3]), fix(m[4])];
  let startX = fix(m[2] + m[0] * 0.5 + m[1] * 0.5);
  let startY = fix(m[5] + m[3] * 0.5 + m[4] * 0.5);
  const [endX, endY] = [width * unit, height * unit];
  let o = 0;
  for (let y = 0; y < height; y++) {
    let sx = startX;
    let sy = startY;
    for (let x = 0; x < width; x++, o += 3) {
      if (sx >= 0 && sx < endX && sy >= 0 && sy < endY) {
        copyPixel(data, (Math.trunc(sy / unit) * width + Math.trunc(sx / unit)) * 3, out, o);
      }
      sx += a;
      sy += d;
    }
    startX += b;
    startY += e;
  }
  return { width, height, data: out };
}

/** Whether the corners lie where 16 bits reach. */
function fitsFixed([a, b, c, d, e, f]: AffineMatrix, width: number, height: number): boolean {
  const corners = [
    [0, 0],
    [width, height],
    [0, height],
    [width, 0],
  ] as const;
  return corners.every(([x, y]) => Math.abs(x * a + y * b + c) < 32768 && Math.abs(x * d + y * e + f) < 32768);
}

function copyPixel(from: Uint8Array, i: number, to: Uint8Array, o: number): void {
  to[o] = from[i]!;
  to[o + 1] = from[i + 1]!;
  to[o + 2] = from[i + 2]!;
}
