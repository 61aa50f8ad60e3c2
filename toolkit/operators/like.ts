import type { GraphBuilder } from "../graph/builder.ts";
import type { Dim, Value } from "../graph/ir.ts";
import { sameShape } from "../graph/shape.ts";
import { scalar } from "../graph/tensor.ts";
import { elementTypeNumber } from "../graph/element-type.ts";

/** `v` in the shape of `like`, which has as many elements. */
export function reshapeLike(b: GraphBuilder, v: Value, like: Value): Value {
  if (sameShape(v.shape, like.shape)) return v;
  const shape = reshapeConstant(v.shape, like.shape);
  return shape ? b.op("Reshape", [v, b.ints(shape)]) : b.gradient("ReshapeLike", [v, like]);
}

/** `v` broadcast to the shape of `like`. */
export function expandLike(b: GraphBuilder, v: Value, like: Value): Value {
  if (sameShape(v.shape, like.shape)) return v;
  const offset = like.shape.length - v.shape.length;
  const known = like.shape.every((dim, i) => typeof dim === "number" || dim === v.shape[i - offset]);
  if (!known) return b.gradient("ExpandLike", [v, like]);
  // 1 in Expand's shape keeps the operand's own extent
  return b.op("Expand", [v, b.ints(like.shape.map((dim) => (typeof dim === "number" ? dim : 1)))]);
}

/** Zeros in the type of `like`. */
export function zerosLike(b: GraphBuilder, like: Value): Value {
  return expandLike(b, b.scalar(0, like.dtype), like);
}

/** How many elements a reduction of `x` over `axes` joins, as a rank-0 value of x's element type. */
export function countOf(b: GraphBuilder, x: Value, axes: readonly number[]): Value {
  const dims = axes.map((axis) => x.shape[axis] ?? 1);
  if (dims.every((dim) => typeof dim === "number"))
    return b.scalar(
      dims.reduce<number>((n, dim) => n * dim, 1),
      x.dtype,
    );
  const extents = b.op("Gather", [b.op("Shape", [x]), b.ints(axes)]);
  return b.op("Cast", [b.op("ReduceProd", [extents], { keepdims: 0 })], { to: elementTypeNumber(x.dtype) });
}

/** The constant that makes Reshape turn `from` into `to`: 0 copies an extent, -1 stands for the one that is left; undefined where two are left. */
export function reshapeConstant(from: readonly Dim[], to: readonly Dim[]): readonly number[] | undefined {
  const shape = to.map((dim, i) => {
    if (typeof dim === "number") return dim;
    return dim === from[i] ? 0 : -1;
  });
  return shape.filter((dim) => dim === -1).length > 1 ? undefined : shape;
}

/** A rank-0 constant in the element type of `like`. */
export function scalarLike(b: GraphBuilder, value: number, like: Value): Value {
  return b.constant(scalar(value, like.dtype));
}

/** A condition as 0 and 1 in the element type of `like`. */
export function maskLike(b: GraphBuilder, condition: Value, like: Value): Value {
  return b.op("Cast", [condition], { to: elementTypeNumber(like.dtype) });
}
