import type { GraphBuilder } from "../../../graph/builder.ts";
import type { Value } from "../../../graph/ir.ts";
import { concreteShape } from "../../../graph/shape.ts";
import { blockedOp, view } from "./blocked-op.ts";

/** Extents of a filter in the layout "filter", and how many blocks its channels make. */
interface Extents {
  readonly inputs: number;
  readonly outputs: number;
  readonly kernel: readonly number[];
  readonly taps: number;
  readonly inputBlocks: number;
  readonly outputBlocks: number;
}

function extentsOf(filter: Value, block: number): Extents {
  const [inputs = 0, outputs = 0, ...kernel] = concreteShape(filter.shape, "a filter");
  const taps = kernel.reduce((product, extent) => product * extent, 1);
  return { inputs, outputs, kernel, taps, inputBlocks: inputs / block, outputBlocks: outputs / block };
}

/** What a forward convolution reads, [O/B][I/B][taps][B of I][B of O], or [O/B][I][taps][B of O] where there are fewer inputs than a block has. */
export function forwardFilter(b: GraphBuilder, filter: Value, block: number): Value {
  const { inputs, outputs, kernel, taps, inputBlocks, outputBlocks } = extentsOf(filter, block);
  const declared = [outputs, inputs, ...kernel];
  if (inputs < block) {
    const rows = view(b, filter, [inputs, outputBlocks, taps * block]);
    return view(b, b.op("Transpose", [rows], { perm: [1, 0, 2] }), declared);
  }
  // tile by tile back into the order of the forward direction: both moves are of whole rows, or ReorderInput's own
  const tiles = view(b, exchanged(b, filter, block), [inputBlocks * outputBlocks * taps, block, block, 1]);
  const rows = view(b, blockedOp(b, "ReorderInput", [tiles]), [inputBlocks, outputBlocks, taps * block * block]);
  return view(b, b.op("Transpose", [rows], { perm: [1, 0, 2] }), declared);
}

/** [I/B][O/B][taps][B of O][B of I]: the inputs of a block move behind the outputs, which is what ReorderInput does to channels. */
function exchanged(b: GraphBuilder, filter: Value, block: number): Value {
  const { taps, inputBlocks, outputBlocks } = extentsOf(filter, block);
  const strip = view(b, filter, [inputBlocks, block, outputBlocks * taps * block, 1]);
  return blockedOp(b, "ReorderInput", [strip]);
}

/**
 * What the convolution of an input gradient reads: channels exchanged within each group, and of the taps those named, in this order, as a kernel of extents
 * `kernel`. [g I/B][O/(g B)][taps][B of O][B of I].
 */
export function backwardFilter(
  b: GraphBuilder,
  filter: Value,
  block: number,
  { taps, kernel, group }: { taps: readonly number[]; kernel: readonly number[]; group: number },
): Value {
  const { inputs, outputs, taps: all, inputBlocks, outputBlocks } = extentsOf(filter, block);
  const tiles = view(b, exchanged(b, filter, block), [inputBlocks * outputBlocks, all, block * block]);
  const chosen = taps.every((tap, i) => tap === i) && taps.length === all ? tiles : pick(b, tiles, taps);
  const declared = [group * inputs, outputs / group, ...kernel];
  if (group === 1) return view(b, chosen, declared);
  const rows = view(b, chosen, [inputBlocks, group, (outputBlocks / group) * taps.length * block * block]);
  return view(b, b.op("Transpose", [rows], { perm: [1, 0, 2] }), declared);
}

/** The same of a depthwise filter, which lies as [C/B][taps][B] in either direction. */
export function backwardDepthwiseFilter(
  b: GraphBuilder,
  filter: Value,
  block: number,
  { taps, kernel }: { taps: readonly number[]; kernel: readonly number[] },
): Value {
  const { outputs, taps: all, outputBlocks } = extentsOf(filter, block);
  return view(b, pick(b, view(b, filter, [outputBlocks, all, block]), taps), [outputs, 1, ...kernel]);
}

function pick(b: GraphBuilder, v: Value, taps: readonly number[]): Value {
  return b.op("Gather", [v, b.ints(taps)], { axis: 1 });
}

/** The filter of each tap for a convolution of that tap alone: [O/B][I/B][B of I][B of O]. */
export function forwardTapFilters(b: GraphBuilder, filter: Value, block: number): readonly Value[] {
  const { inputs, outputs, taps, inputBlocks, outputBlocks } = extentsOf(filter, block);
  const tiles = view(b, exchanged(b, filter, block), [inputBlocks * outputBlocks * taps, block, block, 1]);
  const rows = view(b, blockedOp(b, "ReorderInput", [tiles]), [inputBlocks, outputBlocks, taps, block * block]);
  return byTap(b, b.op("Transpose", [rows], { perm: [2, 1, 0, 3] }), [outputs, inputs, 1, 1]);
}

/** The same with the channels exchanged, for an input gradient: [I/B][O/B][B of O][B of I]. */
export function backwardTapFilters(b: GraphBuilder, filter: Value, block: number): readonly Value[] {
  const { inputs, outputs, taps, inputBlocks, outputBlocks } = extentsOf(filter, block);
  const rows = view(b, exchanged(b, filter, block), [inputBlocks, outputBlocks, taps, block * block]);
  return byTap(b, b.op("Transpose", [rows], { perm: [2, 0, 1, 3] }), [inputs, outputs, 1, 1]);
}

function byTap(b: GraphBuilder, filters: Value, shape: readonly number[]): readonly Value[] {
  const taps = Number(filters.shape[0]);
  const parts = taps === 1 ? [filters] : b.ops("Split", [filters], { axis: 0 }, { outputCount: taps });
  return parts.map((part) => view(b, part, shape));
}
