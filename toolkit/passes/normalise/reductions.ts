import type { Value } from "../../graph/ir.ts";
import { normaliseAxis } from "../../graph/shape.ts";
import { attributesWithout, constantInts, refuse } from "./rewrite.ts";
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
    if (r.input(0).dtype === "bool") refuse(r, "a reduction of bool came with opset 20");
    const axes = axesOf(r);
    if (axes?.length === 0 && r.attrs.int("noop_with_empty_axes", 0)) return stepOf(op, r);
    const attrs = attributesWithout(r.node.attrs, "axes", "noop_with_empty_axes");
    return r.emit(op, [r.input(0)], axes?.length ? { ...attrs, axes } : attrs);
  };
}

/** What is left of a reduction over no axes: the step it does on each element. */
function stepOf(op: string, r: Rewriting): readonly Value[] {
  if (op === "ReduceL1" || op === "ReduceL2") return r.emit("Abs", [r.input(0)]);
  if (op === "ReduceLogSum") return r.emit("Log", [r.input(0)]);
  if (op === "ReduceSumSquare") return r.emit("Mul", [r.input(0), r.input(0)]);
  return [r.input(0)];
}

/** No axes mean all of them, unless `noop_with_empty_axes` says none. */
function axesOf(r: Rewriting): readonly number[] | undefined {
  if (r.attrs.has("axes")) return r.attrs.ints("axes", []);
  return constantInts(r, 1) ?? (r.attrs.int("noop_with_empty_axes", 0) ? [] : undefined);
}
