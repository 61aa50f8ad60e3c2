import type { GraphBuilder } from "../../../graph/builder.ts";
import type { TensorType, Value } from "../../../graph/ir.ts";
import { concreteShape } from "../../../graph/shape.ts";
import type { Formulation, Site } from "../../formulation.ts";
import { geometryOf, volume } from "../geometry.ts";
import type { Geometry } from "../geometry.ts";
import { blockedOp, view } from "./blocked-op.ts";
import { blockOf, isBlockable, isBlockableConvolution, isDepthwise } from "./blockable.ts";
import type { Convolution } from "./blockable.ts";
import type { Frame } from "./padded.ts";
import { padBlocked, padPlain } from "./padded.ts";

/** Inputs dy, x, w. */
function geometry(site: Site): Geometry {
  return geometryOf(site, concreteShape(site.type(2).shape.slice(2), "ConvWeightGradient"), site.type(1), site.type(0));
}

function convolution(site: Site): Convolution {
  return { x: site.type(1), w: site.type(2), group: site.attrs.int("group", 1) };
}

/** Of padded x just what the windows meet: the last one may leave some unread. */
function frameOf({ kernel, strides, dilations, begin, input, output }: Geometry): Frame {
  const end = kernel.map((k, i) => {
    const met = ((output[i] ?? 1) - 1) * (strides[i] ?? 1) + (k - 1) * (dilations[i] ?? 1) + 1;
    return met - (input[i] ?? 0) - (begin[i] ?? 0);
  });
  return { begin, end };
}

function serves(site: Site): boolean {
  const block = blockOf(site);
  if (!isBlockableConvolution(convolution(site), block) || !isBlockable(site.type(0), block)) return false;
  return [site.type(0), site.type(1)].every(isKnown);
}

function isKnown({ shape }: TensorType): boolean {
  return shape.every((dim) => typeof dim === "number");
}

/** A sum over groups of images, each term added to by the convolution that makes the next. */
function addUp(
  b: GraphBuilder,
  pairs: readonly (readonly [Value, Value])[],
  attrs: Parameters<typeof blockedOp>[3],
): Value {
  let sum: Value | undefined;
  for (const [x, dy] of pairs) sum = blockedOp(b, "Conv", sum ? [x, dy, undefined, sum] : [x, dy], attrs);
  return sum as Value;
}

/** A kernel of so many pixels is worth a convolution of its own; images are put together until they have them. */
const LEAST_PIXELS = 196;

/** How many images one convolution takes: a divisor of all of them, below the block size, so that the kernel reads plain pictures. */
function imagesTogether(batch: number, pixels: number, block: number): number {
  const divisors = Array.from({ length: Math.min(block - 1, batch) }, (_, i) => i + 1).filter((g) => batch % g === 0);
  return divisors.find((g) => g * pixels >= LEAST_PIXELS) ?? divisors.at(-1) ?? 1;
}

/** So many pixels of a filter block are as much as the second cache holds beside x: a larger map is cut into strips of rows. */
const MOST_PIXELS = 4096;

/** Into how many strips of equal height a map is cut, fewer than a block has channels. */
function stripsOf([height = 1, width = 1]: readonly number[], block: number): number {
  const counts = Array.from({ length: block - 1 }, (_, i) => i + 1).filter((n) => height % n === 0);
  return counts.find((n) => (height * width) / n <= MOST_PIXELS) ?? 1;
}

/** The rows [N,C,H,W] that each strip's windows meet, strip after strip: [N, C, strips rows, W]. */
function stripRows(
  b: GraphBuilder,
  x: Value,
  { strips, step, rows }: { strips: number; step: number; rows: number },
): Value {
  const places = Array.from({ length: strips * rows }, (_, i) => Math.floor(i / rows) * step + (i % rows));
  return b.op("Gather", [x, b.ints(places)], { axis: 2 });
}

/** `v` [N,rows,rest] as groups of images, each [rows,images,rest]. */
function grouped(
  b: GraphBuilder,
  v: Value,
  [batch, rows, rest]: readonly [number, number, number],
  images: number,
): readonly Value[] {
  const groups = batch / images;
  const turned =
    images === 1
      ? view(b, v, [batch, rows, rest])
      : b.op("Transpose", [view(b, v, [groups, images, rows, rest])], { perm: [0, 2, 1, 3] });
  return groups === 1 ? [turned] : b.ops("Split", [turned], { axis: 0 }, { outputCount: groups });
}

/**
 * dW as a convolution whose images are the input channels, whose channels are some of the images, and whose filter is dY: strides and dilations change places,
 * and the groups of images are added up. Blocked dY is such a filter as it lies; x is padded really, since padding by attribute slows the kernel.
 * The result lies as [I, O/B, taps, B of O].
 */
const blocked: Formulation = {
  name: "conv-weight-blocked",
  serves: (site) => serves(site) && convolution(site).group === 1,
  pays: (site) => volume(geometry(site).kernel) > 1,
  write: (site) => {
    const { b } = site;
    const at = geometry(site);
    const block = blockOf(site);
    const [batch = 1, filters = 1, ...output] = concreteShape(site.type(0).shape, "dy");
    const attrs = { strides: at.dilations, dilations: at.strides };
    const strips = stripsOf(output, block);
    const [kernelHeight = 1] = at.kernel;
    const stripOutput = [(output[0] ?? 1) / strips, output[1] ?? 1];
    const step = (stripOutput[0] ?? 1) * (at.strides[0] ?? 1);
    const rows = step - (at.strides[0] ?? 1) + (kernelHeight - 1) * (at.dilations[0] ?? 1) + 1;
    const framed = framedPlain(site, frameOf(at));
    const x = strips === 1 ? framed : stripRows(b, framed, { strips, step, rows });
    const [, channels = 1, height = 1, width = 1] = concreteShape(x.shape, "x");
    const images = strips === 1 ? imagesTogether(batch, volume(output), block) : 1;
    const pictures = grouped(b, x, [batch, channels, height * width], images);
    const gradients = grouped(b, site.x(0, "blocked"), [batch, filters / block, volume(output) * block], images);
    const pairs = pictures.map((picture, i): [Value, Value] => [
      view(b, picture, [channels, images * strips, height / strips, width]),
      view(b, gradients[i] as Value, [filters, images * strips, ...stripOutput]),
    ]);
    return [{ value: addUp(b, pairs, { ...attrs, kernel_shape: stripOutput }), layout: "filter" }];
  },
};

/** Up to so many pixels the filter blocks of a whole block of images stay in the second cache. */
const SMALL_MAP = 64;

/**
 * The same with a block of images as the channels of each convolution, interleaved in x and in dY: twice as fast on small maps, whose few pixels an image
 * leave a kernel nothing to do.
 */
const imageBlocks: Formulation = {
  name: "conv-weight-blocked-image-blocks",
  serves: (site) =>
    serves(site) && convolution(site).group === 1 && Number(site.type(0).shape[0]) % blockOf(site) === 0,
  pays: (site) => volume(geometry(site).output) <= SMALL_MAP && volume(geometry(site).kernel) > 1,
  write: (site) => {
    const { b } = site;
    const at = geometry(site);
    const block = blockOf(site);
    const [batch = 1, filters = 1, ...output] = concreteShape(site.type(0).shape, "dy");
    const groups = batch / block;
    const x = framedPlain(site, frameOf(at));
    const [, channels = 1, ...extents] = concreteShape(x.shape, "x");
    const elements = channels * volume(extents);
    // images move behind everything else, which is what ReorderInput does to channels
    const images = view(b, blockedOp(b, "ReorderInput", [view(b, x, [groups, block, elements, 1])]), [
      groups,
      elements * block,
    ]);
    const dy = view(b, site.x(0, "blocked"), [groups, block, filters / block, volume(output), block]);
    const gradients = view(b, b.op("Transpose", [dy], { perm: [0, 2, 3, 1, 4] }), [
      groups,
      filters * volume(output) * block,
    ]);
    const parts = (v: Value): readonly Value[] =>
      groups === 1 ? [v] : b.ops("Split", [v], { axis: 0 }, { outputCount: groups });
    const filterParts = parts(gradients);
    const pairs = parts(images).map((picture, i): [Value, Value] => [
      view(b, picture, [channels, block, ...extents]),
      view(b, filterParts[i] as Value, [filters, block, ...output]),
    ]);
    const attrs = { kernel_shape: output, strides: at.dilations, dilations: at.strides };
    return [{ value: addUp(b, pairs, attrs), layout: "filter" }];
  },
};

function framedPlain(site: Site, frame: Frame): Value {
  const { b } = site;
  if (site.made(1) !== "blocked") return padPlain(b, site.x(1), frame);
  const padded = padBlocked(b, site.x(1, "blocked"), frame);
  const plain = blockedOp(b, "ReorderOutput", [padded], { channels: Number(padded.shape[1]) });
  return padPlain(b, plain, { begin: [0, 0], end: frame.end.map((pad) => Math.min(0, pad)) });
}

/** The same channel by channel, an image at a time: blocked x and blocked dY lie as such a convolution reads them. */
const depthwise: Formulation = {
  name: "conv-weight-blocked-depthwise",
  serves: (site) =>
    serves(site) && isDepthwise(convolution(site)) && frameOf(geometry(site)).end.every((pad) => pad >= 0),
  write: (site) => {
    const { b } = site;
    const at = geometry(site);
    const [batch = 1, channels = 1, ...output] = concreteShape(site.type(0).shape, "dy");
    const images = (v: Value): readonly Value[] =>
      batch === 1 ? [v] : b.ops("Split", [v], { axis: 0 }, { outputCount: batch });
    const x = images(padBlocked(b, site.x(1, "blocked"), frameOf(at)));
    const dy = images(site.x(0, "blocked"));
    const pairs = x.map((picture, i): [Value, Value] => [picture, view(b, dy[i] as Value, [channels, 1, ...output])]);
    const attrs = { kernel_shape: output, strides: at.dilations, dilations: at.strides, group: channels };
    return [{ value: addUp(b, pairs, attrs), layout: "filter" }];
  },
};

export const convWeightForms: readonly Formulation[] = [imageBlocks, blocked, depthwise];
