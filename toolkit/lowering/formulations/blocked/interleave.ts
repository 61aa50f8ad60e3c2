import type { GraphBuilder } from "../../../graph/builder.ts";
import type { Value } from "../../../graph/ir.ts";
import { concreteShape } from "../../../graph/shape.ts";
import { view } from "./blocked-op.ts";

/**
 * Blocked maps of every s-th row and every t-th column become the whole picture [N,C,H,W]: `maps[r][c]` has the pixels whose row leaves the remainder r by s,
 * and whose column c by t. Of the last row and column so much is cut off that `input` [H,W] is left.
 */
export function interleave(
  b: GraphBuilder,
  maps: readonly (readonly Value[])[],
  { block, input }: { block: number; input: readonly number[] },
): Value {
  const first = maps[0]?.[0] as Value;
  const [batch = 1, channels = 1, height = 1, width = 1] = concreteShape(first.shape, "interleave");
  const pictures = (batch * channels) / block;
  const [rows, columns] = [maps.length, maps[0]?.length ?? 1];
  const side = (values: readonly Value[], shape: readonly number[]): Value =>
    values.length === 1
      ? (values[0] as Value)
      : b.op(
          "Concat",
          values.map((v) => view(b, v, shape)),
          { axis: 1 },
        );
  const lines = maps.map((row) => side(row, [pictures * height * width, block]));
  const whole = side(lines, [pictures * height, width * columns * block]);
  const extents = [height * rows, width * columns];
  if (extents.every((extent, i) => extent === input[i])) return view(b, whole, [batch, channels, ...extents]);
  const [h = 1, w = 1] = input;
  const framed = view(b, whole, [pictures, ...extents, block]);
  const cropped = b.op("Slice", [framed, b.ints([0, 0]), b.ints([h, w]), b.ints([1, 2])]);
  return view(b, cropped, [batch, channels, h, w]);
}
