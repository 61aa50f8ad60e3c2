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
  const { outputs, inputs, area } = extents(t, t.shape, block);
  const data = t.data.slice();
  forEachRow(outputs, inputs, area, block, (plain, packed, stride) => {
    for (let lane = 0; lane < block; lane++) data[packed + lane] = t.data[plain + lane * stride]!;
  });
  return { ...t, shape: declaredType(t, "filter").shape as readonly number[], data };
}

/** The inverse of `packFilter`. */
export function unpackFilter(t: TensorData, block: number): TensorData {
  const shape = declaredType(t, "filter").shape as readonly number[];
  const { outputs, inputs, area } = extents(t, shape, block);
  const data = t.data.slice();
  forEachRow(outputs, inputs, area, block, (plain, packed, stride) => {
    for (let lane = 0; lane < block; lane++) data[plain + lane * stride] = t.data[packed + lane]!;
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

/** For each run of `block` filters at one element: where its first lies in the plain tensor, where in the packed one, and how far apart they are in the plain one. */
function forEachRow(
  outputs: number,
  inputs: number,
  area: number,
  block: number,
  visit: (plain: number, packed: number, stride: number) => void,
): void {
  const stride = inputs * area;
  let packed = 0;
  for (let i = 0; i < inputs; i++) {
    for (let o = 0; o < outputs; o += block) {
      for (let at = 0; at < area; at++, packed += block) visit(o * stride + i * area + at, packed, stride);
    }
  }
}
