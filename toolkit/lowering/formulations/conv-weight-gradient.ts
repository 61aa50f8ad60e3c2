import type { GraphBuilder } from "../../graph/builder.ts";
import type { Value } from "../../graph/ir.ts";
import { concreteShape } from "../../graph/shape.ts";
import type { Formulation, Site } from "../formulation.ts";
import type { Geometry } from "./geometry.ts";
import { geometryOf, hasSpatialExtents, padsOf, tapsOf, volume } from "./geometry.ts";
import { product } from "./product.ts";

/** Inputs dy [N,O,...], x [N,I,...], w [O,I/g,...]. */
function geometry(site: Site): Geometry {
  return geometryOf(site, concreteShape(site.x(2).shape.slice(2), site.node.op), site.x(1), site.x(0));
}

/** `x` with its real padding, whose spatial axes begin at `axis`. */
function padded(b: GraphBuilder, x: Value, { begin, end }: Geometry): Value {
  return [...begin, ...end].every((pad) => pad === 0) ? x : b.op("Pad", [x, b.ints(padsOf(begin, end))]);
}

/** The elements of padded x that one tap of the kernel meets, one for each output pixel. */
function metBy(
  b: GraphBuilder,
  x: Value,
  tap: readonly number[],
  { strides, dilations, output }: Geometry,
  axis: number,
): Value {
  const start = tap.map((t, i) => t * (dilations[i] ?? 1));
  const end = start.map((s, i) => s + ((output[i] ?? 1) - 1) * (strides[i] ?? 1) + 1);
  const axes = tap.map((_, i) => i + axis);
  if (start.every((s, i) => s === 0 && end[i] === x.shape[i + axis]) && strides.every((s) => s === 1)) return x;
  return b.op("Slice", [x, b.ints(start), b.ints(end), b.ints(axes), b.ints(strides)]);
}

/** One [O,I] matrix for each tap, put together as [O,I,...]. */
function joined(b: GraphBuilder, taps: readonly Value[], w: Value): Value {
  const [only] = taps;
  const all =
    only && taps.length === 1
      ? only
      : b.op(
          "Concat",
          taps.map((tap) => b.op("Unsqueeze", [tap, b.ints([2])])),
          { axis: 2 },
        );
  return b.op("Reshape", [all, b.ints(concreteShape(w.shape, "ConvWeightGradient"))]);
}

/** From so many output pixels an image, one product for each image keeps both cores busy without moving channels to the end. */
const LARGE_MAP = 200;
/** With fewer input channels the products for single taps are too thin. */
const THICK = 16;

function isPlain({ x, attrs }: Site): boolean {
  return hasSpatialExtents(x(0), x(1)) && attrs.int("group", 1) === 1;
}

function isThick({ x }: Site): boolean {
  return Number(x(1).shape[1]) >= THICK;
}

/** dW[tap] = sum over images of dY[n] X[n, shifted]^T */
const tapsPerImage: Formulation = {
  name: "conv-weight-tap-products-per-image",
  serves: isPlain,
  pays: (site) => isThick(site) && volume(geometry(site).output) >= LARGE_MAP,
  write: (site) => {
    const { b } = site;
    const at = geometry(site);
    const [dy, x, w] = [site.x(0), padded(b, site.x(1), at), site.x(2)];
    const rows = (v: Value): Value => b.op("Reshape", [v, b.ints([0, Number(v.shape[1]), -1])]);
    const taps = tapsOf(at.kernel).map((tap) => {
      const images = product(b, site, rows(dy), rows(metBy(b, x, tap, at, 2)), "right");
      return b.op("ReduceSum", [images, b.ints([0])], { keepdims: 0 });
    });
    return [joined(b, taps, w)];
  },
};

/** dW[tap] = dY^T X[shifted], both as [pixels of all images, channels] */
const tapsChannelsLast: Formulation = {
  name: "conv-weight-tap-products-channels-last",
  serves: isPlain,
  pays: isThick,
  write: (site) => {
    const { b } = site;
    const at = geometry(site);
    const [dy, x, w] = [site.x(0), padded(b, site.x(1), at), site.x(2)];
    const last = (v: Value): Value => b.op("Transpose", [v], { perm: [0, ...at.kernel.map((_, i) => i + 2), 1] });
    const pixels = (v: Value): Value => b.op("Reshape", [v, b.ints([-1, Number(v.shape.at(-1))])]);
    const gradient = pixels(last(dy));
    const moved = last(x);
    return [
      joined(
        b,
        tapsOf(at.kernel).map((tap) => product(b, site, gradient, pixels(metBy(b, moved, tap, at, 1)), "left")),
        w,
      ),
    ];
  },
};

/**
 * A convolution whose images are the input channels, whose channels are the images and whose filter is dy: strides and dilations change places.
 * It gives more than the kernel where the last window left elements unread.
 */
const swappedAxes: Formulation = {
  name: "conv-weight-swapped-axes",
  serves: ({ x }) => hasSpatialExtents(x(0), x(1)),
  write: (site) => {
    const { b } = site;
    const { kernel, strides, dilations, begin, end, input } = geometry(site);
    const group = site.attrs.int("group", 1);
    const swap = (v: Value): Value => b.op("Transpose", [v], { perm: v.shape.map((_, i) => (i < 2 ? 1 - i : i)) });
    const x = group === 1 ? swap(site.x(1)) : groupedImages(b, site.x(1), group, input);
    const attrs = { strides: dilations, dilations: strides, group, pads: [...begin, ...end] };
    const wide = b.op("Conv", [x, swap(site.x(0))], attrs);
    const axes = kernel.map((_, i) => i + 2);
    const fits = kernel.every((extent, i) => wide.shape[i + 2] === extent);
    return [swap(fits ? wide : b.op("Slice", [wide, b.ints(kernel.map(() => 0)), b.ints(kernel), b.ints(axes)]))];
  },
};

/** [N,g*I,...] as [I,g*N,...]: the images of one group side by side. */
function groupedImages(b: GraphBuilder, x: Value, group: number, input: readonly number[]): Value {
  const perGroup = Number(x.shape[1]) / group;
  const split = b.op("Reshape", [x, b.ints([-1, group, perGroup, ...input])]);
  const turned = b.op("Transpose", [split], { perm: [2, 1, 0, ...input.map((_, i) => i + 3)] });
  return b.op("Reshape", [turned, b.ints([perGroup, -1, ...input])]);
}

/**
 * Measured on two AVX-512 cores (GFLOP/s, 3x3): per image 107-140 on maps of 56x56 and 28x28 (channels last 52-111),
 * channels last 112-125 at 14x14 (per image 86-135) and 75 at 4x4 (6-27); swapped axes 40-70, but 51-68 for a 7x7 filter on 3 channels (17-22).
 */
export const convWeightGradient: readonly Formulation[] = [tapsPerImage, tapsChannelsLast, swappedAxes];
