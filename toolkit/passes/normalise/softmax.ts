import { normaliseAxis } from "../../graph/shape.ts";
import type { Value } from "../../graph/ir.ts";
import type { Rewrite, Rewrites, Rewriting } from "./rewrite.ts";

/** Before opset 13 these worked on rows of a matrix: all axes from `axis` on were one. */
export const softmaxes: Rewrites = {
  Softmax: overOneAxis("Softmax"),
  LogSoftmax: overOneAxis("LogSoftmax"),
  Hardmax: overOneAxis("Hardmax"),
};

function overOneAxis(op: string): Rewrite {
  return (r) => {
    if (r.opset >= 13) return r.emit(op, r.inputs, r.node.attrs);
    const { shape } = r.input(0);
    const axis = normaliseAxis(r.attrs.int("axis", 1), shape.length, r.where);
    const others = shape.map((dim, i) => ({ dim, i })).filter(({ dim, i }) => i >= axis && dim !== 1);
    // where one extent alone is not 1, the row is that axis
    if (others.length <= 1) return r.emit(op, [r.input(0)], { axis: others[0]?.i ?? axis });
    const rows = r.b.op(op, [r.b.op("Flatten", [r.input(0)], { axis })], { axis: 1 });
    return r.emit("Reshape", [rows, shapeOf(r, shape, axis)]);
  };
}

function shapeOf(r: Rewriting, shape: Value["shape"], axis: number): Value {
  const symbolic = shape.filter((dim) => typeof dim === "string").length;
  if (axis === 1 && shape.slice(1).every((dim) => typeof dim === "number")) {
    return r.b.ints([0, ...shape.slice(1).map(Number)]);
  }
  return symbolic <= 1
    ? r.b.ints(shape.map((dim) => (typeof dim === "number" ? dim : -1)))
    : r.b.op("Shape", [r.input(0)]);
}
