import { ToolkitError } from "../errors.ts";
import type { TensorType } from "./ir.ts";
import type { TensorData } from "./tensor.ts";

/**
 * How the elements of a value lie in memory.
 * - plain: row by row, as ONNX says
 * - blocked: a picture [N,C,H,W] as [N, C/B, H, W, B of C]
 * - filter: a filter [O,I,H,W] as the blocked picture of its transpose [I,O,H,W], that is [I, O/B, H, W, B of O]: how its gradient comes out of a blocked convolution
 *
 * ONNX Runtime is told [N,C,H,W] of a blocked picture and [I,O,H,W] of a filter.
 */
export type Layout = "plain" | "blocked" | "filter";

/** The type that ONNX Runtime is told of a value that lies as `layout`; telling it twice gives the plain one back. */
export function declaredType({ dtype, shape }: TensorType, layout: Layout): TensorType {
  if (layout !== "filter") return { dtype, shape };
  const [first = 1, second = 1, ...rest] = shape;
  return { dtype, shape: [second, first, ...rest] };
}

/** Maps [N,C,1,1] of one pixel lie the same plain and blocked. */
export function isOnePixel({ shape }: TensorType): boolean {
  return shape.length === 4 && shape[2] === 1 && shape[3] === 1;
}

/** A plain filter [O,I,H,W] as it lies in the layout "filter" for blocks of `block`; its shape is the declared one. */
export function packFilter(t: TensorData, block: number): TensorData {
  const size = extents(t, t.shape, block);
  const plainly = t.data as Float32Array;
  const data = new Float32Array(plainly.length);
  forEachFilter(size, block, (plain, packed, next) => {
    let from = plain;
    for (let i = 0; i < size.inputs; i++) {
      let to = packed + i * next;
      for (let at = 0; at < size.area; at++, to += block) data[to] = plainly[from++]!;
    }
  });
  return { ...t, shape: declaredType(t, "filter").shape as readonly number[], data };
}

/** The inverse of `packFilter`. */
export function unpackFilter(t: TensorData, block: number): TensorData {
  const shape = declaredType(t, "filter").shape as readonly number[];
  const size = extents(t, shape, block);
  const inBlocks = t.data as Float32Array;
  const data = new Float32Array(inBlocks.length);
  // row by row of the plain tensor, which is written in one go: twice as fast as in the order of the packed one
  forEachFilter(size, block, (plain, packed, next) => {
    let to = plain;
    for (let i = 0; i < size.inputs; i++) {
      let from = packed + i * next;
      for (let at = 0; at < size.area; at++, from += block) data[to++] = inBlocks[from]!;
    }
  });
  return { ...t, shape, data };
}

function extents(
  t: TensorData,
  [outputs = 0, inputs = 0, ...spatial]: readonly number[],
  block: number,
): { outputs: number; inputs: number; area: number } {
  if (t.dtype !== "float32" || spatial.length !== 2 || outputs % block !== 0) {
    throw new ToolkitError(
      "E_SHAPE",
      `Cannot block a ${t.dtype} filter [${t.shape.join(",")}]: expected float32 [O,I,H,W] with O a multiple of ${block}`,
    );
  }
  return { outputs, inputs, area: spatial.reduce((product, extent) => product * extent, 1) };
}

/** Tells where each filter lies: its first element in the plain tensor and in the packed one, where one input lies `next` behind the other. */
function forEachFilter(
  { outputs, inputs, area }: { readonly outputs: number; readonly inputs: number; readonly area: number },
  block: number,
  visit: (plain: number, packed: number, next: number) => void,
): void {
  const next = outputs * area;
  for (let o = 0; o < outputs; o++) visit(o * inputs * area, Math.floor(o / block) * block * area + (o % block), next);
}
