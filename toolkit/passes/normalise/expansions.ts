import type { Dim, Value } from "../../graph/ir.ts";
import { broadcastShapes, normaliseAxis, sameShape } from "../../graph/shape.ts";
import { elementTypeNumber } from "../../graph/element-type.ts";
import { scalar } from "../../graph/tensor.ts";
import { asSingle } from "../../operators/evaluate.ts";
import { shareBeside } from "./batch-place.ts";
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
    const target = wanted.map((dim, i) => (keepsExtent(x.shape.at(i - wanted.length), dim, r.batch) ? 1 : dim));
    if (target.every((dim) => typeof dim === "number")) return r.emit("Expand", [x, r.b.ints(target)]);
    const others = shape.slice(1);
    const rows = x.shape.length === shape.length && sameShape(others, x.shape.slice(1));
    const zeros = rows ? zerosPerPicture(r, shape[0] ?? 1, shape.length, x) : undefined;
    return zeros ? r.emit("Add", [x, zeros]) : r.emit("Expand", r.inputs);
  },
  ConstantOfShape: (r) => {
    const given = r.attrs.tensor("value");
    const value = given ? asSingle(given) : scalar(0);
    const [first, ...others] = r.elements(0) ?? [];
    const numbers = others.every((dim) => typeof dim === "number") ? others : undefined;
    const fill = r.b.constant({ ...value, shape: [1, ...others.map(() => 1)] });
    const picture =
      typeof first === "string" && numbers ? zerosPerPicture(r, first, others.length + 1, fill) : undefined;
    if (!picture || !numbers) return r.emit("ConstantOfShape", r.inputs, given ? { value } : {});
    return r.emit("Expand", [r.b.op("Add", [fill, picture]), r.b.ints([1, ...numbers])]);
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

/** Whether an extent stays as it is, the file's number of pictures included: 1 says so for any number of them. */
function keepsExtent(from: Dim | undefined, wanted: Dim, batch: number | undefined): boolean {
  if (typeof from !== "string") return false;
  const share = shareBeside(from);
  return from === wanted || (batch !== undefined && share !== undefined && wanted === share * batch);
}

/** Zeros [batch,1,...] of `rank` axes, in the type of `like`; undefined where no graph input has such a batch. */
function zerosPerPicture({ b, pictures }: Rewriting, batch: Dim, rank: number, like: Value): Value | undefined {
  const picture = pictures.find((v) => v.shape[0] === batch && v.shape.length > 1);
  if (!picture || like.dtype !== "float32" || rank > picture.shape.length) return undefined;
  const axes = picture.shape.map((_, i) => i).slice(1);
  const starts = b.ints(axes.map(() => 0));
  const corner = b.op("Slice", [picture, starts, b.ints(axes.map(() => 1)), b.ints(axes)]);
  const pixel = picture.dtype === "float32" ? corner : b.op("Cast", [corner], { to: elementTypeNumber("float32") });
  const zero = b.op("Mul", [pixel, b.scalar(0)]);
  const extra = axes.slice(rank - 1);
  return extra.length === 0 ? zero : b.op("Squeeze", [zero, b.ints(extra)]);
}
