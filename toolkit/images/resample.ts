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
  if (box.width === width && box.height === height && !flip) {
    return crop(source, { ...view, left: box.left + view.left, top: box.top + view.top });
  }
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

function crop(source: Pixels, { left, top, width, height }: Box): Pixels {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    const start = ((top + y) * source.width + left) * 3;
    data.set(source.data.subarray(start, start + width * 3), y * width * 3);
  }
  return { width, height, data };
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
  /** First source pixel and number of source pixels, by result pixel. */
  readonly starts: Int32Array;
  readonly counts: Int32Array;
  /** `perPixel` weights for each result pixel; 0 behind its last one. */
  readonly weights: Int32Array;
  readonly perPixel: number;
  /** The result pixels in the order in which they are written. */
  readonly order: Int32Array;
}

function taps(inputSize: number, outputSize: number, first: number, count: number): Taps {
  const scale = inputSize / outputSize;
  const support = Math.max(scale, 1);
  const inverse = 1 / support;
  const perPixel = Math.max(3, Math.ceil(support) * 2 + 1);
  const starts = new Int32Array(count);
  const counts = new Int32Array(count);
  const weights = new Int32Array(count * perPixel);
  for (let i = 0; i < count; i++) {
    const centre = (first + i + 0.5) * scale;
    const start = Math.max(0, Math.trunc(centre - support + 0.5));
    const end = Math.min(inputSize, Math.trunc(centre + support + 0.5));
    const triangle: number[] = [];
    for (let x = start; x < end; x++) triangle.push(Math.max(0, 1 - Math.abs((x - centre + 0.5) * inverse)));
    const norm = 1 / triangle.reduce((sum, weight) => sum + weight, 0);
    const fixed = triangle.map((weight) => Math.trunc(0.5 + weight * norm * (1 << PRECISION_BITS)));
    // weights of 0 at the ends are common, and the loops below are the dearer the longer they are
    const zeros = fixed.findIndex((weight) => weight !== 0);
    const used = fixed.slice(zeros, fixed.findLastIndex((weight) => weight !== 0) + 1);
    weights.set(used, i * perPixel);
    starts[i] = start + zeros;
    counts[i] = used.length;
  }
  return { starts, counts, weights, perPixel, order: Int32Array.from({ length: count }, (_, i) => i) };
}

// The two loops below are most of the cost of a picture: one branch for up to three taps, which is all but strong reductions;
// Math.imul because the engine would guard a plain product against overflow.

function across({ data, width }: Pixels, box: Box, { starts, counts, weights, perPixel, order }: Taps): Uint8Array {
  const out = new Uint8Array(box.height * order.length * 3);
  let o = 0;
  for (let y = 0; y < box.height; y++) {
    const row = ((box.top + y) * width + box.left) * 3;
    for (let i = 0; i < order.length; i++) {
      const x = order[i]!;
      const count = counts[x]!;
      const first = x * perPixel;
      const p = row + starts[x]! * 3;
      if (count <= 3) {
        const q = count > 1 ? p + 3 : p;
        const s = count > 2 ? p + 6 : p;
        const u = weights[first]!;
        const v = weights[first + 1]!;
        const w = weights[first + 2]!;
        out[o] = (HALF + Math.imul(data[p]!, u) + Math.imul(data[q]!, v) + Math.imul(data[s]!, w)) >> PRECISION_BITS;
        out[o + 1] =
          (HALF + Math.imul(data[p + 1]!, u) + Math.imul(data[q + 1]!, v) + Math.imul(data[s + 1]!, w)) >>
          PRECISION_BITS;
        out[o + 2] =
          (HALF + Math.imul(data[p + 2]!, u) + Math.imul(data[q + 2]!, v) + Math.imul(data[s + 2]!, w)) >>
          PRECISION_BITS;
      } else {
        for (let c = 0; c < 3; c++) {
          let sum = HALF;
          for (let k = 0; k < count; k++) sum += Math.imul(data[p + k * 3 + c]!, weights[first + k]!);
          out[o + c] = sum >> PRECISION_BITS;
        }
      }
      o += 3;
    }
  }
  return out;
}

function down(
  data: Uint8Array,
  stride: number,
  { starts, counts, weights, perPixel }: Taps,
  firstRow: number,
): Uint8Array {
  const out = new Uint8Array(starts.length * stride);
  let o = 0;
  for (let y = 0; y < starts.length; y++) {
    const count = counts[y]!;
    const first = y * perPixel;
    const top = (starts[y]! - firstRow) * stride;
    if (count <= 3) {
      const second = count > 1 ? stride : 0;
      const third = count > 2 ? 2 * stride : 0;
      const u = weights[first]!;
      const v = weights[first + 1]!;
      const w = weights[first + 2]!;
      for (let p = top; p < top + stride; p++) {
        out[o++] =
          (HALF + Math.imul(data[p]!, u) + Math.imul(data[p + second]!, v) + Math.imul(data[p + third]!, w)) >>
          PRECISION_BITS;
      }
    } else {
      for (let p = top; p < top + stride; p++) {
        let sum = HALF;
        for (let k = 0; k < count; k++) sum += Math.imul(data[p + k * stride]!, weights[first + k]!);
        out[o++] = sum >> PRECISION_BITS;
      }
    }
  }
  return out;
}

function halfToEven(doubled: number): number {
  const low = Math.floor(doubled / 2);
  return doubled % 2 !== 0 && low % 2 !== 0 ? low + 1 : low;
}
