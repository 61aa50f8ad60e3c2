import type { Dim, Value } from "../../graph/ir.ts";
import { broadcastShapes, normaliseAxis, sameShape } from "../../graph/shape.ts";
import type { Rewrites, Rewriting } from "./rewrite.ts";

/**
 * Constants that are repeated for every picture, such as the class token of a vision transformer. Expand to a computed shape hides the batch from
 * shape rules; so they are added to zeros [N,1,...] that come from the picture, and everything behind them has its batch.
 */
export const expansions: Rewrites = {
  Expand: (r) => {
    const x = r.input(0);
    const wanted = r.elements(1);
    const shape = wanted && broadcastShapes(x.shape, wanted, r.where);
    if (!wanted || !shape) return r.emit("Expand", r.inputs);
    if (sameShape(shape, x.shape)) return [x];
    if (wanted.every((dim) => typeof dim === "number")) return r.emit("Expand", [x, r.b.ints(wanted)]);
    const others = shape.slice(1);
    const rows = x.shape.length === shape.length && sameShape(others, x.shape.slice(1));
    const zeros = rows ? zerosPerPicture(r, shape[0] ?? 1, shape.length, x) : undefined;
    return zeros ? r.emit("Add", [x, zeros]) : r.emit("Expand", r.inputs);
  },
  // a file for a fixed number of pictures joins its token to them as it is
  Concat: (r) => {
    const axis = normaliseAxis(r.attrs.int("axis", 0), r.input(0).shape.length, r.where);
    const parts = r.inputs.map((v) => {
      const alone = v?.dtype === "float32" && v.shape[0] === 1 && r.batch === 1 && axis !== 0;
      const batch = alone ? r.inputs.find((other) => typeof other?.shape[0] === "string")?.shape[0] : undefined;
      const zeros = v && batch !== undefined ? zerosPerPicture(r, batch, v.shape.length, v) : undefined;
      return v && zeros ? r.b.op("Add", [v, zeros]) : v;
    });
    return r.emit("Concat", parts, r.node.attrs);
  },
};

/** Zeros [batch,1,...] of `rank` axes, in the type of `like`; undefined where no graph input has such a batch. */
function zerosPerPicture({ b, pictures }: Rewriting, batch: Dim, rank: number, like: Value): Value | undefined {
  const picture = pictures.find((v) => v.shape[0] === batch && v.shape.length > 1);
  if (!picture || like.dtype !== "float32" || rank > picture.shape.length) return undefined;
  const axes = picture.shape.map((_, i) => i).slice(1);
  const starts = b.ints(axes.map(() => 0));
  const corner = b.op("Slice", [picture, starts, b.ints(axes.map(() => 1)), b.ints(axes)]);
  const pixel = picture.dtype === "float32" ? corner : b.op("Cast", [corner], { to: FLOAT });
  const zero = b.op("Mul", [pixel, b.scalar(0)]);
  const extra = axes.slice(rank - 1);
  return extra.length === 0 ? zero : b.op("Squeeze", [zero, b.ints(extra)]);
}

/** ONNX's number for float32. */
const FLOAT = 1;
