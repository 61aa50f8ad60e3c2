import type { GraphBuilder } from "../../../graph/builder.ts";
import type { Value } from "../../../graph/ir.ts";
import { concreteShape } from "../../../graph/shape.ts";
import type { Formulation, Site } from "../../formulation.ts";
import { geometryOf } from "../geometry.ts";
import type { Geometry } from "../geometry.ts";
import { blockedOp } from "./blocked-op.ts";
import { blockOf, isBlockable, isBlockableConvolution, isDepthwise } from "./blockable.ts";
import type { Convolution } from "./blockable.ts";
import { backwardDepthwiseFilter, backwardFilter } from "./filters.ts";
import { interleave } from "./interleave.ts";

/** Inputs dy, w, x. */
function geometry(site: Site): Geometry {
  return geometryOf(site, concreteShape(site.type(1).shape.slice(2), "ConvInputGradient"), site.type(2), site.type(0));
}

function convolution(site: Site): Convolution {
  return { x: site.type(2), w: site.type(1), group: site.attrs.int("group", 1) };
}

/** Along one axis: the taps that meet the pixels of one remainder by the stride, and the padding that dY needs for them. */
interface Phase {
  readonly taps: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/**
 * dX[s q + r] = sum over j of dY[q + e - j] W[c + s j], where r + begin = s e + c: for each remainder r a convolution of stride 1 with some of the taps, reversed.
 * At stride 1 there is one remainder, and dilations d give taps d apart.
 */
function phasesOf({ kernel, strides, dilations, begin, input, output }: Geometry, axis: number): readonly Phase[] {
  const at = (list: readonly number[]): number => list[axis] ?? 1;
  const [k, s, d] = [at(kernel), at(strides), at(dilations)];
  const extent = Math.ceil(at(input) / s);
  return Array.from({ length: s }, (_, r) => {
    const [e, c] = [Math.floor((r + (begin[axis] ?? 0)) / s), (r + (begin[axis] ?? 0)) % s];
    const taps = Array.from({ length: k }, (__, tap) => tap).filter((tap) => (tap * d) % s === c % s);
    const [lowest, highest] = [taps[0], taps.at(-1)];
    if (lowest === undefined || highest === undefined) return { taps, begin: 0, end: 0 };
    const [first, last] = [(lowest * d - c) / s, (highest * d - c) / s];
    return { taps: taps.toReversed(), begin: last - e, end: extent + e - first - at(output) };
  });
}

function phaseOptions(at: Geometry): readonly (readonly Phase[])[] {
  return at.kernel.map((_, axis) => phasesOf(at, axis));
}

/** Padding is never negative, every pixel is met, and a stride does not meet a dilation. */
function isRegular(at: Geometry): boolean {
  const plainSteps = at.strides.every((s, i) => s === 1 || at.dilations[i] === 1);
  return plainSteps && phaseOptions(at).every((axis) => axis.every(({ begin, end }) => begin >= 0 && end >= 0));
}

/** A convolution of dY with the channels of the filter exchanged and its taps reversed: at a stride, one for each remainder of a pixel's place, woven together. */
const blocked: Formulation = {
  name: "conv-input-blocked",
  serves: (site) => {
    const conv = convolution(site);
    const block = blockOf(site);
    if (!isBlockableConvolution(conv, block) || !isBlockable(conv.x, block)) return false;
    return typeof site.type(0).shape[0] === "number" && isRegular(geometry(site));
  },
  write: (site) => {
    const at = geometry(site);
    const [rows = [], columns = []] = phaseOptions(at);
    const { input, strides } = at;
    const extents = input.map((extent, i) => Math.ceil(extent / (strides[i] ?? 1)));
    const maps = rows.map((row) => columns.map((column) => mapOf(site, at, [row, column], extents)));
    return [{ value: interleave(site.b, maps, { block: blockOf(site), input }), layout: "blocked" }];
  },
};

function mapOf(
  site: Site,
  { kernel, dilations, strides }: Geometry,
  phases: readonly [Phase, Phase],
  extents: readonly number[],
): Value {
  const { b } = site;
  const [row, column] = phases;
  const filter = site.x(1, "filter");
  const taps = row.taps.flatMap((y) => column.taps.map((x) => y * (kernel[1] ?? 1) + x));
  if (taps.length === 0) return zeros(b, site, extents);
  const shape = [row.taps.length, column.taps.length];
  const conv = convolution(site);
  const block = blockOf(site);
  const w = isDepthwise(conv)
    ? backwardDepthwiseFilter(b, filter, block, { taps, kernel: shape })
    : backwardFilter(b, filter, block, { taps, kernel: shape, group: conv.group });
  return blockedOp(b, "Conv", [site.x(0, "blocked"), w], {
    kernel_shape: shape,
    dilations: strides.map((s, i) => (s === 1 ? (dilations[i] ?? 1) : 1)),
    group: conv.group,
    pads: [...phases.map((p) => p.begin), ...phases.map((p) => p.end)],
  });
}

/** Pixels that no window meets. */
function zeros(b: GraphBuilder, site: Site, extents: readonly number[]): Value {
  const [batch, channels] = site.type(2).shape;
  return b.op("Expand", [b.scalar(0), b.ints([Number(batch), Number(channels), ...extents])]);
}

export const convInputForms: readonly Formulation[] = [blocked];
