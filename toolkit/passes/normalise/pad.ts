import type { Value } from "../../graph/ir.ts";
import { normaliseAxis } from "../../graph/shape.ts";
import { cut, join } from "../../operators/pieces.ts";
import { attributesWithout, constantInts, refuse } from "./rewrite.ts";
import type { Rewrites, Rewriting } from "./rewrite.ts";

/** Pad had its numbers as attributes before opset 11; 18 added axes, 19 the mode "wrap". */
export const pads: Rewrites = {
  Pad: (r) => {
    const all = padsOf(r);
    if (r.attrs.string("mode", "constant") === "wrap") return wrapped(r, all);
    const attrs = attributesWithout(r.node.attrs, "pads", "value");
    const value = r.opset >= 11 ? r.inputs[2] : valueAttribute(r);
    return r.emit("Pad", [r.input(0), r.b.ints(all), ...(value ? [value] : [])], attrs);
  },
};

function valueAttribute(r: Rewriting): Value | undefined {
  const value = r.attrs.float("value", 0);
  return value === 0 ? undefined : r.b.scalar(value);
}

/** The pads of all axes, those before each and then those after each. */
function padsOf(r: Rewriting): readonly number[] {
  if (r.opset < 11) return r.attrs.ints("pads", []);
  const given = constantInts(r, 1) ?? [];
  const axes = constantInts(r, 3);
  if (!axes) return given;
  const rank = r.input(0).shape.length;
  const all = Array.from({ length: 2 * rank }, () => 0);
  for (const [i, axis] of axes.entries()) {
    const at = normaliseAxis(axis, rank, r.where);
    all[at] = given[i] ?? 0;
    all[at + rank] = given[i + axes.length] ?? 0;
  }
  return all;
}

/** The end of each axis before its beginning, and the beginning behind the end; a negative pad cuts first. */
function wrapped(r: Rewriting, all: readonly number[]): readonly Value[] {
  const { b } = r;
  const rank = r.input(0).shape.length;
  return [
    r.input(0).shape.reduce((v, _, axis) => {
      const [before = 0, after = 0] = [all[axis], all[axis + rank]];
      const kept = cut(b, v, axis, Math.max(0, -before), after < 0 ? after : undefined);
      const extent = kept.shape[axis] ?? 0;
      const most = Math.max(before, after);
      if (typeof extent === "number" && most > extent) refuse(r, `it wraps ${most} elements of ${extent}`);
      const pieces = [kept];
      if (before > 0) pieces.unshift(cut(b, kept, axis, -before));
      if (after > 0) pieces.push(cut(b, kept, axis, 0, after));
      return join(b, pieces, axis);
    }, r.input(0)),
  ];
}
