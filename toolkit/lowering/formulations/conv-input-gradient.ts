import type { GraphBuilder } from "../../graph/builder.ts";
import type { Value } from "../../graph/ir.ts";
import { concreteShape } from "../../graph/shape.ts";
import { scalarLike } from "../../operators/like.ts";
import { spanOf } from "../../operators/window.ts";
import type { Formulation, Site } from "../formulation.ts";
import type { Geometry } from "./geometry.ts";
import { geometryOf, hasSpatialExtents, tapsOf, volume } from "./geometry.ts";

/** Inputs dy, w, x. */
function geometry(site: Site): Geometry {
  return geometryOf(site, concreteShape(site.x(1).shape.slice(2), site.node.op), site.x(2), site.x(0));
}

/** The filter [O,I/g,...] with its taps reversed and its channels exchanged within each group: [I,O/g,...]. */
function flipped(b: GraphBuilder, w: Value, group: number): Value {
  const [filters = 0, perGroup = 0, ...kernel] = concreteShape(w.shape, "ConvInputGradient");
  const taps = volume(kernel);
  const flat = b.op("Reshape", [w, b.ints([filters, perGroup, taps])]);
  const reversed =
    taps === 1
      ? flat
      : b.op("Gather", [flat, b.ints(Array.from({ length: taps }, (_, i) => taps - 1 - i))], { axis: 2 });
  const grouped =
    group === 1 ? reversed : b.op("Reshape", [reversed, b.ints([group, filters / group, perGroup, taps])]);
  const exchanged = b.op("Transpose", [grouped], { perm: group === 1 ? [1, 0, 2] : [0, 2, 1, 3] });
  return b.op("Reshape", [exchanged, b.ints([group * perGroup, filters / group, ...kernel])]);
}

const flippedFilter: Formulation = {
  name: "conv-input-flipped-filter",
  serves: (site) => {
    if (!hasSpatialExtents(site.x(0), site.x(2))) return false;
    const { kernel, strides, dilations, begin, end } = geometry(site);
    return (
      strides.every((stride) => stride === 1) &&
      kernel.every((k, i) => Math.max(begin[i] ?? 0, end[i] ?? 0) < spanOf(k, dilations[i] ?? 1))
    );
  },
  write: (site) => {
    const { b } = site;
    const { kernel, dilations, begin, end } = geometry(site);
    const rest = (pads: readonly number[]) => kernel.map((k, i) => spanOf(k, dilations[i] ?? 1) - 1 - (pads[i] ?? 0));
    const group = site.attrs.int("group", 1);
    const attrs = { kernel_shape: kernel, dilations, group, pads: [...rest(begin), ...rest(end)] };
    return [b.op("Conv", [site.x(0), flipped(b, site.x(1), group)], attrs)];
  },
};

/** Up to so many output pixels an image, a convolution's own products are too thin: those of all images together are not. */
const SMALL_MAP = 16;
/** With fewer channels on either side the products for single taps are too thin. */
const THICK = 16;

/**
 * dX on every `stride`-th pixel from `phase` on is a sum of products, one for each tap that meets these pixels: dY, shifted, as
 * [pixels of all images, O] times the tap's [O,I]. The phases are then woven together.
 */
const productsByPhase: Formulation = {
  name: "conv-input-tap-products",
  serves: (site) => {
    if (!hasSpatialExtents(site.x(0), site.x(2)) || site.attrs.int("group", 1) !== 1) return false;
    const { strides, input } = geometry(site);
    return input.length === 2 && input.every((extent, i) => extent % (strides[i] ?? 1) === 0);
  },
  pays: (site) => {
    const channels = concreteShape(site.x(1).shape.slice(0, 2), site.node.op);
    return volume(geometry(site).output) <= SMALL_MAP && channels.every((c) => c >= THICK);
  },
  write: (site) => {
    const { b } = site;
    const at = geometry(site);
    const [filters = 0, channels = 0] = concreteShape(site.x(1).shape, site.node.op);
    const kernels = b.op("Transpose", [b.op("Reshape", [site.x(1), b.ints([filters, channels, -1])])], {
      perm: [2, 0, 1],
    });
    const matrices = matricesOf(b, kernels, filters, channels);
    const dy = b.op("Transpose", [site.x(0)], { perm: [0, 2, 3, 1] });
    const phases = tapsOf(at.strides).map((phase) => phaseOf(b, dy, matrices, phase, at));
    const extents = at.input.map((extent, i) => extent / (at.strides[i] ?? 1));
    return [woven(b, phases, extents, at.strides, channels)];
  },
};

/** The [O,I] of each tap out of [taps,O,I]. Not by Gather: ONNX Runtime rewrites that with a constant whose name a model may already use. */
function matricesOf(b: GraphBuilder, kernels: Value, filters: number, channels: number): readonly Value[] {
  const taps = Number(kernels.shape[0]);
  const matrix = (tap: Value): Value => b.op("Reshape", [tap, b.ints([filters, channels])]);
  if (taps === 1) return [matrix(kernels)];
  const ones = Array.from({ length: taps }, () => 1);
  return b.ops("Split", [kernels, b.ints(ones)], { axis: 0 }, { outputCount: taps }).map(matrix);
}

/** The pixels of dX at one phase as rows [N*h*w,I]. */
function phaseOf(
  b: GraphBuilder,
  dy: Value,
  matrices: readonly Value[],
  phase: readonly number[],
  { kernel, strides, dilations, begin, input }: Geometry,
): Value | undefined {
  let sum: Value | undefined;
  for (const [i, tap] of tapsOf(kernel).entries()) {
    const offset = tap.map((t, axis) => (phase[axis] ?? 0) + (begin[axis] ?? 0) - t * (dilations[axis] ?? 1));
    if (offset.some((o, axis) => o % (strides[axis] ?? 1) !== 0)) continue;
    const from = offset.map((o, axis) => o / (strides[axis] ?? 1));
    const rows = shifted(
      b,
      dy,
      from,
      input.map((extent, axis) => extent / (strides[axis] ?? 1)),
    );
    const inputs = [rows, matrices[i], ...(sum ? [sum] : [])];
    sum = b.op("Gemm", inputs);
  }
  return sum;
}

/** `extents` pixels of dy [N,H,W,O] from `from` on, with zeros where there are none, as rows. */
function shifted(b: GraphBuilder, dy: Value, from: readonly number[], extents: readonly number[]): Value {
  const sizes = concreteShape(dy.shape.slice(1, 3), "ConvInputGradient");
  const before = from.map((f) => Math.max(0, -f));
  const after = from.map((f, i) => Math.max(0, f + (extents[i] ?? 0) - (sizes[i] ?? 0)));
  const pads = [0, ...before, 0, 0, ...after, 0];
  const wide = pads.every((pad) => pad === 0) ? dy : b.op("Pad", [dy, b.ints(pads)]);
  const start = from.map((f, i) => f + (before[i] ?? 0));
  const end = start.map((s, i) => s + (extents[i] ?? 0));
  const whole = start.every((s, i) => s === 0 && end[i] === wide.shape[i + 1]);
  const part = whole ? wide : b.op("Slice", [wide, b.ints(start), b.ints(end), b.ints([1, 2])]);
  return b.op("Reshape", [part, b.ints([-1, Number(dy.shape[3])])]);
}

/** Phases [N*h*w,I] in row-major order, a missing one zero, as [N,I,h*stride,w*stride]. */
function woven(
  b: GraphBuilder,
  phases: readonly (Value | undefined)[],
  [height = 1, width = 1]: readonly number[],
  [down = 1, right = 1]: readonly number[],
  channels: number,
): Value {
  const zero = phases.some((p) => p === undefined) && phases.find((p) => p !== undefined);
  const present = phases.map((p) => p ?? b.op("Mul", [zero as Value, scalarLike(b, 0, zero as Value)]));
  const stacked = present.length === 1 ? present : present.map((p) => b.op("Unsqueeze", [p, b.ints([0])]));
  const all = stacked.length === 1 ? (stacked[0] as Value) : b.op("Concat", stacked, { axis: 0 });
  const split = b.op("Reshape", [all, b.ints([down, right, -1, height, width, channels])]);
  const turned = b.op("Transpose", [split], { perm: [2, 5, 3, 0, 4, 1] });
  return b.op("Reshape", [turned, b.ints([-1, channels, height * down, width * right])]);
}

const transposedConvolution: Formulation = {
  name: "conv-input-transposed",
  serves: ({ x }) => hasSpatialExtents(x(0), x(2)),
  write: (site) => {
    const { b } = site;
    const { kernel, strides, dilations, begin, end, input, output } = geometry(site);
    // rows and columns behind the last window, which no output reads
    const unread = input.map((extent, i) => {
      const read = ((output[i] ?? 1) - 1) * (strides[i] ?? 1) + spanOf(kernel[i] ?? 1, dilations[i] ?? 1);
      return extent + (begin[i] ?? 0) + (end[i] ?? 0) - read;
    });
    const attrs = {
      kernel_shape: kernel,
      strides,
      dilations,
      group: site.attrs.int("group", 1),
      pads: [...begin, ...end],
      output_padding: unread,
    };
    return [b.op("ConvTranspose", [site.x(0), site.x(1)], attrs)];
  },
};

/**
 * Measured on two AVX-512 cores (GFLOP/s; products, flipped, transposed). 3x3 at stride 1: 49-132, 126-183, 107-157 on maps of 56x56 to 7x7,
 * but 123, 112, 93 at 4x4 and 112, 35, 27 at 2x2. 3x3 at stride 2 to 4x4 and 2x2: 98 against 85 and 27 transposed, to larger maps 53 against 96.
 */
export const convInputGradient: readonly Formulation[] = [productsByPhase, flippedFilter, transposedConvolution];
