import type { GraphBuilder } from "../../../graph/builder.ts";
import type { TensorType, Value } from "../../../graph/ir.ts";
import { concreteShape } from "../../../graph/shape.ts";
import { slide } from "../../../operators/window.ts";
import type { Formulation, Site } from "../../formulation.ts";
import { geometryOf, offsetsOf, tapsOf, volume } from "../geometry.ts";
import type { Geometry } from "../geometry.ts";
import { blockOf, isBlockable, isBlockableConvolution } from "./blockable.ts";
import type { Convolution } from "./blockable.ts";
import { blockedOp, view } from "./blocked-op.ts";
import { backwardTapFilters, forwardTapFilters } from "./filters.ts";

/** An output pixel, a tap of its window, and the input pixel that the tap meets, each by its number in row-major order. */
interface Pair {
  readonly output: number;
  readonly tap: number;
  readonly input: number;
}

/** Every meeting of a window with a pixel; taps in the padding meet none. */
function pairsOf(at: Geometry): readonly Pair[] {
  const offsets = offsetsOf(at);
  const [, width = 1] = at.input;
  return tapsOf(at.output).flatMap((place, output) =>
    offsets.flatMap((offset, tap) => {
      const [y = 0, x = 0] = place.map((p, i) => p * (at.strides[i] ?? 1) - (at.begin[i] ?? 0) + (offset[i] ?? 0));
      const isInside = y >= 0 && x >= 0 && y < (at.input[0] ?? 1) && x < width;
      return isInside ? [{ output, tap, input: y * width + x }] : [];
    }),
  );
}

/** Only blocked channels on both sides, one group, and a batch that is known. */
function serves(site: Site, conv: Convolution, y: TensorType): boolean {
  const block = blockOf(site);
  const isWhole = conv.group === 1 && isBlockable(conv.x, block) && isBlockable(y, block);
  return isWhole && isBlockableConvolution(conv, block) && typeof conv.x.shape[0] === "number";
}

/** On larger maps the windows overlap so much that a convolution does the same work in fewer pieces. */
const MOST_PIXELS = 4;
const MOST_PAIRS = 32;
/** Images that a kernel needs side by side, and channels that make a pair worth a node. */
const LEAST_IMAGES = 16;
const LEAST_CHANNELS = 128;

function pays({ x }: Convolution, y: TensorType, at: Geometry): boolean {
  const [images, channels] = x.shape.map(Number);
  const isSmall = volume(at.output) <= MOST_PIXELS && pairsOf(at).length <= MOST_PAIRS;
  return isSmall && Number(images) >= LEAST_IMAGES && Math.min(Number(channels), Number(y.shape[1])) >= LEAST_CHANNELS;
}

/** A blocked picture as one [1,C,1,N] for each pixel: the images side by side. */
function pixelsOf(b: GraphBuilder, v: Value, block: number): readonly Value[] {
  const [batch = 1, channels = 1, ...extents] = concreteShape(v.shape, "a picture");
  const pixels = volume(extents);
  const turned = b.op("Transpose", [view(b, v, [batch, channels / block, pixels, block])], { perm: [2, 1, 0, 3] });
  const parts = pixels === 1 ? [turned] : b.ops("Split", [turned], { axis: 0 }, { outputCount: pixels });
  return parts.map((part) => view(b, part, [1, channels, 1, batch]));
}

/** The inverse of `pixelsOf`. */
function picture(b: GraphBuilder, pixels: readonly Value[], shape: readonly number[], block: number): Value {
  const [batch = 1, channels = 1] = shape;
  const rows = pixels.map((v) => view(b, v, [1, channels / block, batch, block]));
  const side = rows.length === 1 ? (rows[0] as Value) : b.op("Concat", rows, { axis: 0 });
  return view(b, b.op("Transpose", [side], { perm: [2, 1, 0, 3] }), shape);
}

/** Sums of products of pixels and taps, one for each list of both. */
function addUp(b: GraphBuilder, terms: readonly (readonly [Value, Value])[], bias: Value | undefined): Value {
  let sum: Value | undefined;
  for (const [x, w] of terms) {
    const inputs = sum ? [x, w, undefined, sum] : bias ? [x, w, bias] : [x, w];
    sum = blockedOp(b, "Conv", inputs, { kernel_shape: [1, 1] });
  }
  return sum as Value;
}

function forwardOf(site: Site): { conv: Convolution; y: TensorType; at: Geometry } | undefined {
  const conv = { x: site.type(0), w: site.type(1), group: site.attrs.int("group", 1) };
  const { x, w } = conv;
  if (blockOf(site) === 0 || w.shape.length !== 4 || !isKnown(x) || !isKnown(w)) return undefined;
  const kernel = concreteShape(w.shape.slice(2), "Conv");
  const extents = slide(site.attrs, kernel, x.shape.slice(2), "Conv");
  const y = { dtype: x.dtype, shape: [x.shape[0] ?? 1, w.shape[0] ?? 1, ...extents] };
  return { conv, y, at: geometryOf(site, kernel, x, y) };
}

function isKnown({ shape }: TensorType): boolean {
  return shape.every((dim) => typeof dim === "number");
}

/**
 * On maps of few pixels each pixel of all images becomes a row of its own: every meeting of an output pixel with an input pixel is then a product with the filter's
 * tap there, and no work goes into the padding, which is most of a window on such a map. Inputs x, w, bias.
 */
const forward: Formulation = {
  name: "conv-blocked-pixel-pairs",
  serves: (site) => {
    const found = forwardOf(site);
    return found !== undefined && serves(site, found.conv, found.y) && everyPixelIsMet(found.at, "output");
  },
  pays: (site) => {
    const found = forwardOf(site);
    return found !== undefined && pays(found.conv, found.y, found.at);
  },
  write: (site) => {
    const { b } = site;
    const found = forwardOf(site);
    if (!found) return [];
    const block = blockOf(site);
    const pairs = pairsOf(found.at);
    const pixels = pixelsOf(b, site.x(0, "blocked"), block);
    const filters = forwardTapFilters(b, site.x(1, "filter"), block);
    const bias = site.has(2) ? site.x(2) : undefined;
    const sums = Array.from({ length: volume(found.at.output) }, (_, output) => {
      const met = pairs.filter((pair) => pair.output === output);
      return addUp(
        b,
        met.map(({ input, tap }) => [pixels[input] as Value, filters[tap] as Value]),
        bias,
      );
    });
    return [{ value: picture(b, sums, concreteShape(found.y.shape, "Conv"), block), layout: "blocked" }];
  },
};

function everyPixelIsMet(at: Geometry, side: "input" | "output"): boolean {
  return new Set(pairsOf(at).map((pair) => pair[side])).size === volume(at[side]);
}

/** Inputs dy, w, x. */
function backwardOf(site: Site): { conv: Convolution; at: Geometry } | undefined {
  const conv = { x: site.type(2), w: site.type(1), group: site.attrs.int("group", 1) };
  if (![conv.x, conv.w, site.type(0)].every(isKnown) || conv.w.shape.length !== 4 || blockOf(site) === 0)
    return undefined;
  return { conv, at: geometryOf(site, concreteShape(conv.w.shape.slice(2), "Conv"), conv.x, site.type(0)) };
}

/** The same for the gradient: each input pixel's is a sum over the windows that met it. */
const backward: Formulation = {
  name: "conv-input-blocked-pixel-pairs",
  serves: (site) => {
    const found = backwardOf(site);
    return found !== undefined && serves(site, found.conv, site.type(0)) && everyPixelIsMet(found.at, "input");
  },
  pays: (site) => {
    const found = backwardOf(site);
    return found !== undefined && pays(found.conv, site.type(0), found.at);
  },
  write: (site) => {
    const { b } = site;
    const found = backwardOf(site);
    if (!found) return [];
    const block = blockOf(site);
    const pairs = pairsOf(found.at);
    const pixels = pixelsOf(b, site.x(0, "blocked"), block);
    const filters = backwardTapFilters(b, site.x(1, "filter"), block);
    const sums = Array.from({ length: volume(found.at.input) }, (_, input) => {
      const met = pairs.filter((pair) => pair.input === input);
      return addUp(
        b,
        met.map(({ output, tap }) => [pixels[output] as Value, filters[tap] as Value]),
        undefined,
      );
    });
    return [{ value: picture(b, sums, concreteShape(found.conv.x.shape, "Conv"), block), layout: "blocked" }];
  },
};

export const pixelPairForms: readonly Formulation[] = [forward];
export const inputPixelPairForms: readonly Formulation[] = [backward];
