import { normaliseAxis } from "../../graph/shape.ts";
import { attributesWithout, constantInts } from "./rewrite.ts";
import type { Rewrite, Rewrites, Rewriting } from "./rewrite.ts";

/** Reductions whose axes became an input with opset 18: here they are an attribute. The mean of a whole map is GlobalAveragePool. */
export const reductions: Rewrites = {
  ...Object.fromEntries(
    [
      "ReduceMax",
      "ReduceMin",
      "ReduceProd",
      "ReduceL1",
      "ReduceL2",
      "ReduceLogSum",
      "ReduceLogSumExp",
      "ReduceSumSquare",
    ].map((op) => [op, axesToAttribute(op)]),
  ),
  ReduceMean: (r) => {
    const axes = axesOf(r);
    const rank = r.input(0).shape.length;
    const whole = rank === 4 && axes?.length === 2 && axes.every((axis) => normaliseAxis(axis, rank, r.where) >= 2);
    if (!whole) return axesToAttribute("ReduceMean")(r);
    if (r.attrs.int("keepdims", 1)) return r.emit("GlobalAveragePool", [r.input(0)]);
    return r.emit("Flatten", [r.b.op("GlobalAveragePool", [r.input(0)])], { axis: 1 });
  },
};

function axesToAttribute(op: string): Rewrite {
  return (r) => {
    const axes = axesOf(r);
    if (axes?.length === 0 && r.attrs.int("noop_with_empty_axes", 0)) return [r.input(0)];
    const attrs = attributesWithout(r.node.attrs, "axes", "noop_with_empty_axes");
    return r.emit(op, [r.input(0)], axes?.length ? { ...attrs, axes } : attrs);
  };
}

/** No axes mean all of them, unless `noop_with_empty_axes` says none. */
function axesOf(r: Rewriting): readonly number[] | undefined {
  if (r.attrs.has("axes")) return r.attrs.ints("axes", []);
  return constantInts(r, 1) ?? (r.attrs.int("noop_with_empty_axes", 0) ? [] : undefined);
}
