import type { GraphBuilder } from "../../../graph/builder.ts";
import type { Value } from "../../../graph/ir.ts";
import { concreteShape } from "../../../graph/shape.ts";
import { float32 } from "../../../graph/tensor.ts";
import type { Formulation, Site } from "../../formulation.ts";
import { ABOVE_ZERO } from "../../relu-before-max-pool.ts";
import { geometryOf } from "../geometry.ts";
import { blockOf, isBlockable } from "./blockable.ts";
import { blockedOp, view } from "./blocked-op.ts";
import { interleave } from "./interleave.ts";

/** A pool along one axis: 0 for rows, 1 for columns. */
interface Line {
  readonly axis: 0 | 1;
  readonly kernel: number;
  readonly stride: number;
  /** Padding before the first element. */
  readonly begin: number;
  readonly input: number;
  readonly output: number;
}

/** Inputs dy, x, y. */
function linesOf(site: Site): readonly [Line, Line] {
  const at = geometryOf(site, site.attrs.ints("kernel_shape", []), site.type(1), site.type(2));
  const line = (axis: 0 | 1): Line => ({
    axis,
    kernel: at.kernel[axis] ?? 1,
    stride: at.strides[axis] ?? 1,
    begin: at.begin[axis] ?? 0,
    input: at.input[axis] ?? 1,
    output: at.output[axis] ?? 1,
  });
  return [line(0), line(1)];
}

/** How one element a channel is read from a map: `offset` elements on along an axis, every `stride`-th, `output` of them. */
interface Reading {
  readonly axis: 0 | 1;
  readonly offset: number;
  readonly stride: number;
  readonly input: number;
  readonly output: number;
}

/** Padding behind that gives just `output` elements; negative where there would be more. */
function paddingBehind({ offset, stride, input, output }: Reading): number {
  return stride * (output - 1) + 1 + offset - input;
}

/** Writes a convolution that reads one element a channel times `factor`, with zeros outside. */
function read(
  b: GraphBuilder,
  v: Value,
  reading: Reading,
  {
    block,
    factor,
    sum,
    attrs = {},
  }: { block: number; factor: number; sum?: Value | undefined; attrs?: Parameters<typeof blockedOp>[3] },
): Value {
  const { axis, offset, stride } = reading;
  const channels = Number(v.shape[1]);
  const place = Math.max(0, offset);
  // further taps of weight 0 keep the window off elements behind the last one that is wanted
  const behind = paddingBehind(reading);
  const taps = place + 1 + Math.max(0, -behind - stride + 1);
  const along = <T>(value: T, other: T): readonly T[] => (axis === 0 ? [value, other] : [other, value]);
  // a depthwise filter lies as [C/B][taps][B]
  const weights = Float32Array.from({ length: channels * taps }, (_, i) =>
    Math.floor(i / block) % taps === place ? factor : 0,
  );
  const filter = b.constant(float32([channels, 1, ...along(taps, 1)], weights));
  const pads = [...along(Math.max(0, -offset), 0), ...along(Math.max(0, behind), 0)];
  const window = { kernel_shape: along(taps, 1), strides: along(stride, 1), group: channels, pads };
  return blockedOp(b, "Conv", sum ? [v, filter, undefined, sum] : [v, filter], { ...window, ...attrs });
}

function readingOfTap({ axis, stride, begin, input, output }: Line, tap: number): Reading {
  return { axis, offset: tap - begin, stride, input, output };
}

/** Where the elements that leave a remainder by the stride find what tap `tap` sent them; undefined where it sends them nothing. */
function readingOfSent(
  { axis, stride, begin, input, output }: Line,
  remainder: number,
  tap: number,
): Reading | undefined {
  const offset = (remainder + begin - tap) / stride;
  if (!Number.isInteger(offset)) return undefined;
  return { axis, offset, stride: 1, input: output, output: Math.ceil(input / stride) };
}

function indices(count: number): readonly number[] {
  return Array.from({ length: count }, (_, i) => i);
}

/** Larger than any difference a network computes. */
const FAR = 1e30;

/** 1 where a difference that is never negative is 0, else 0. */
const IS_ZERO = { activation: "HardSigmoid", activation_params: { float: [-FAR, 1] } };

/** The pooled values, far above themselves where the tap of a window lies in the padding: zeros there must not look like the largest element. */
function withoutPadding(
  b: GraphBuilder,
  pooled: Value,
  { axis, stride, begin, input, output }: Line,
  tap: number,
  block: number,
): Value {
  const outside = indices(output).map((i) => {
    const at = i * stride + tap - begin;
    return at < 0 || at >= input ? FAR : 0;
  });
  if (outside.every((v) => v === 0)) return pooled;
  const [batch = 1, channels = 1, height = 1, width = 1] = concreteShape(pooled.shape, "MaxPoolGradient");
  const pictures = view(b, pooled, [(batch * channels) / block, height, width, block]);
  const border = b.constant(float32(axis === 0 ? [output, 1, 1] : [output, 1], outside));
  return view(b, b.op("Add", [pictures, border]), [batch, channels, height, width]);
}

/** Sends the gradient of a pool along a line to the first largest element of each window: the last one takes what the others left. */
function sendBack({ b, attrs, target }: Site, dy: Value, x: Value, y: Value, line: Line): Value {
  const block = blockOf({ target });
  const mayBePadding = attrs.int(ABOVE_ZERO, 0) === 0;
  const sent: Value[] = [];
  let left = dy;
  for (const tap of indices(line.kernel - 1)) {
    const sum = mayBePadding ? withoutPadding(b, y, line, tap, block) : y;
    const mask = read(b, x, readingOfTap(line, tap), { block, factor: -1, sum, attrs: IS_ZERO });
    const take = b.op("Mul", [left, mask]);
    sent.push(take);
    left = b.op("Sub", [left, take]);
  }
  sent.push(left);
  const maps = indices(line.stride).map((remainder) => {
    let map: Value | undefined;
    for (const [tap, value] of sent.entries()) {
      const reading = readingOfSent(line, remainder, tap);
      if (!reading) continue;
      const inPlace = !map && reading.offset === 0 && reading.input === reading.output;
      map = inPlace ? value : read(b, value, reading, { block, factor: 1, sum: map });
    }
    return map as Value;
  });
  const [height = 1, width = 1] = x.shape.slice(2).map(Number);
  const grid = line.axis === 0 ? maps.map((map) => [map]) : [maps];
  return interleave(b, grid, { block, input: [height, width] });
}

/**
 * A pool is one along the columns and then one along the rows, and so is its gradient, without indices: of several largest elements the first row has it, and
 * there the first column, which is the first in row-major order.
 */
const byLines: Formulation = {
  name: "max-pool-blocked-lines",
  serves: (site) => {
    const block = blockOf(site);
    const known = [0, 1, 2].every((i) => isBlockable(site.type(i), block) && typeof site.type(i).shape[0] === "number");
    if (!known || site.attrs.ints("dilations", []).some((d) => d !== 1)) return false;
    return linesOf(site).every(({ kernel, stride }) => kernel >= stride);
  },
  write: (site) => {
    const { b } = site;
    const [rows, columns] = linesOf(site);
    const [dy, x, y] = [site.x(0, "blocked"), site.x(1, "blocked"), site.x(2, "blocked")];
    if (columns.kernel === 1) return [{ value: sendBack(site, dy, x, y, rows), layout: "blocked" }];
    if (rows.kernel === 1) return [{ value: sendBack(site, dy, x, y, columns), layout: "blocked" }];
    const behind = Math.max(0, columns.stride * (columns.output - 1) + columns.kernel - columns.input - columns.begin);
    const narrow = blockedOp(b, "MaxPool", [x], {
      kernel_shape: [1, columns.kernel],
      strides: [1, columns.stride],
      pads: [0, columns.begin, 0, behind],
    });
    const gradient = sendBack(site, dy, narrow, y, rows);
    return [{ value: sendBack(site, gradient, x, narrow, columns), layout: "blocked" }];
  },
};

export const maxPoolForms: readonly Formulation[] = [byLines];
