import type { Pixels } from "./decoder.ts";

/** A rectangle of whole pixels. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface ResampleOptions extends Size {
  /** The part of the source that is resampled as if it were the whole; all of it where absent. */
  readonly from?: Box;
  /** The part of the width x height result that is computed and returned; all of it where absent. */
  readonly window?: Box;
  /** Whether the result is mirrored left to right. */
  readonly flip?: boolean;
}

/** Weights are whole multiples of 2^-22. */
const PRECISION_BITS = 22;
const HALF = 1 << (PRECISION_BITS - 1);

/**
 * Resizes by the triangle filter, widened when reducing (antialiased bilinear): the same bytes as Pillow's `Image.crop(from).resize(size,
 * BILINEAR)`, whose fixed-point arithmetic this is (python-pillow/Pillow, src/libImaging/Resample.c), and so as torchvision's transforms on
 * pictures that Pillow decoded. Rows are always narrowed first; Pillow 13 turns that round for some sizes, which changes bytes by at most 1.
 */
export function resample(source: Pixels, { width, height, from, window, flip = false }: ResampleOptions): Pixels {
  const box = from ?? { left: 0, top: 0, width: source.width, height: source.height };
  const view = window ?? { left: 0, top: 0, width, height };
  const columns = taps(box.width, width, view.left, view.width);
  const rows = taps(box.height, height, view.top, view.height);
  if (flip) columns.order.reverse();
  // only the rows that the second pass reads
  const firstRow = rows.starts[0] ?? 0;
  const lastRow = (rows.starts.at(-1) ?? 0) + (rows.counts.at(-1) ?? 0);
  const strip = { ...box, top: box.top + firstRow, height: lastRow - firstRow };
  const narrowed = across(source, strip, columns);
  return { width: view.width, height: view.height, data: down(narrowed, view.width * 3, rows, firstRow) };
}

/** The size whose shorter side is `sidePx`, the longer one truncated, as torchvision's Resize does. */
export function shorterSideSize({ width, height }: Size, sidePx: number): Size {
  return width <= height
    ? { width: sidePx, height: Math.max(1, Math.trunc((sidePx * height) / width)) }
    : { width: Math.max(1, Math.trunc((sidePx * width) / height)), height: sidePx };
}

/** The `sizePx` square in the middle, as torchvision's CenterCrop places it: half a pixel is rounded to even. */
export function centreBox({ width, height }: Size, sizePx: number): Box {
  return { left: halfToEven(width - sizePx), top: halfToEven(height - sizePx), width: sizePx, height: sizePx };
}

/** What a network sees in evaluation: shorter side to `resizePx`, then the `sizePx` square in the middle. */
export function evaluationView(source: Pixels, sizePx: number, resizePx: number): Pixels {
  const size = shorterSideSize(source, resizePx);
  return resample(source, { ...size, window: centreBox(size, sizePx) });
}

/** The size to which the shorter side is resized before a crop of `sizePx`, where nothing else is said: ImageNet's 256 for 224. */
export function defaultResizePx(sizePx: number): number {
  return Math.round((sizePx * 256) / 224);
}

interface Taps {
  /** First source pixel, number of source pixels and position of the first weight, by result pixel. */
  readonly starts: Int32Array;
  readonly counts: Int32Array;
  readonly offsets: Int32Array;
  readonly weights: Int32Array;
  /** The result pixels in the order in which they are written. */
  readonly order: Int32Array;
}

function taps(inputSize: number, outputSize: number, first: number, count: number): Taps {
  const scale = inputSize / outputSize;
  const support = Math.max(scale, 1);
  const inverse = 1 / support;
  const perPixel = Math.ceil(support) * 2 + 1;
  const starts = new Int32Array(count);
  const counts = new Int32Array(count);
  const offsets = Int32Array.from({ length: count }, (_, i) => i * perPixel);
  const weights = new Int32Array(count * perPixel);
  const triangle = new Float64Array(perPixel);
  for (let i = 0; i < count; i++) {
    const centre = (first + i + 0.5) * scale;
    const start = Math.max(0, Math.trunc(centre - support + 0.5));
    const n = Math.min(inputSize, Math.trunc(centre + support + 0.5)) - start;
    let sum = 0;
    for (let k = 0; k < n; k++) {
      const weight = Math.max(0, 1 - Math.abs((k + start - centre + 0.5) * inverse));
      triangle[k] = weight;
      sum += weight;
    }
    const norm = sum === 0 ? 0 : 1 / sum;
    for (let k = 0; k < n; k++)
      weights[i * perPixel + k] = Math.trunc(0.5 + (triangle[k] ?? 0) * norm * (1 << PRECISION_BITS));
    starts[i] = start;
    counts[i] = n;
  }
  return { starts, counts, offsets, weights, order: Int32Array.from({ length: count }, (_, i) => i) };
}

/* eslint-disable typescript/no-non-null-assertion -- the two loops below are the cost of every picture, and their indices stay inside by construction */

function across({ data, width }: Pixels, box: Box, { starts, counts, offsets, weights, order }: Taps): Uint8Array {
  const out = new Uint8Array(box.height * order.length * 3);
  let o = 0;
  for (let y = 0; y < box.height; y++) {
    const row = ((box.top + y) * width + box.left) * 3;
    for (const x of order) {
      let p = row + starts[x]! * 3;
      let r = HALF;
      let g = HALF;
      let b = HALF;
      const end = offsets[x]! + counts[x]!;
      for (let k = offsets[x]!; k < end; k++) {
        const w = weights[k]!;
        r += data[p]! * w;
        g += data[p + 1]! * w;
        b += data[p + 2]! * w;
        p += 3;
      }
      out[o] = r >> PRECISION_BITS;
      out[o + 1] = g >> PRECISION_BITS;
      out[o + 2] = b >> PRECISION_BITS;
      o += 3;
    }
  }
  return out;
}

function down(
  data: Uint8Array,
  stride: number,
  { starts, counts, offsets, weights }: Taps,
  firstRow: number,
): Uint8Array {
  const out = new Uint8Array(starts.length * stride);
  let o = 0;
  for (let y = 0; y < starts.length; y++) {
    const top = (starts[y]! - firstRow) * stride;
    const offset = offsets[y]!;
    const count = counts[y]!;
    for (let x = 0; x < stride; x++) {
      let v = HALF;
      let p = top + x;
      for (let k = 0; k < count; k++) {
        v += data[p]! * weights[offset + k]!;
        p += stride;
      }
      out[o++] = v >> PRECISION_BITS;
    }
  }
  return out;
}

/* eslint-enable typescript/no-non-null-assertion */

function halfToEven(doubled: number): number {
  const low = Math.floor(doubled / 2);
  return doubled % 2 !== 0 && low % 2 !== 0 ? low + 1 : low;
}
