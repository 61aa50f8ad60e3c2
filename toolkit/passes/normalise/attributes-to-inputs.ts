import { scalar } from "../../graph/tensor.ts";
import type { Dim, Value } from "../../graph/ir.ts";
import { normaliseAxis } from "../../graph/shape.ts";
import { shareBeside } from "./batch-place.ts";
import { attributesWithout, constantInts, refuse } from "./rewrite.ts";
import type { Rewrite, Rewrites, Rewriting } from "./rewrite.ts";

/** Operators whose attributes became inputs before opset 17, or whose inputs were extended after it. */
export const attributesToInputs: Rewrites = {
  Clip: (r) => {
    if (r.opset >= 11) return r.emit("Clip", r.inputs, r.node.attrs);
    const bound = (name: string): Value | undefined =>
      r.attrs.has(name) ? r.b.constant(scalar(r.attrs.float(name, 0))) : undefined;
    const [min, max] = [bound("min"), bound("max")];
    return r.emit("Clip", max ? [r.input(0), min, max] : min ? [r.input(0), min] : [r.input(0)]);
  },
  Squeeze: (r) => {
    if (r.attrs.has("axes") || r.inputs[1]) return axesToInput("Squeeze")(r);
    return r.emit("Squeeze", [r.input(0), r.b.ints(axesOfExtentOne(r))]);
  },
  Unsqueeze: axesToInput("Unsqueeze"),
  ReduceSum: axesToInput("ReduceSum"),
  Slice: (r) => {
    if (r.opset >= 10) return r.emit("Slice", r.inputs, r.node.attrs);
    const starts = r.attrs.ints("starts", []);
    const axes = r.attrs.ints(
      "axes",
      starts.map((_, i) => i),
    );
    return r.emit("Slice", [r.input(0), r.b.ints(starts), r.b.ints(r.attrs.ints("ends", [])), r.b.ints(axes)]);
  },
  TopK: (r) => {
    const k = r.opset < 10 ? r.b.ints([r.attrs.int("k", 1)]) : r.input(1);
    return r.emit("TopK", [r.input(0), k], attributesWithout(r.node.attrs, "k"));
  },
  Scatter: (r) => r.emit("ScatterElements", r.inputs, r.node.attrs),
  ScatterElements: knownReduction,
  ScatterND: knownReduction,
  Split: (r) => {
    const axis = r.attrs.int("axis", 0);
    const sizes = r.attrs.has("split") ? r.attrs.ints("split", []) : constantInts(r, 1);
    const made = sizes ?? equalParts(r, axis, r.node.outputs.length);
    return r.emit("Split", made ? [r.input(0), r.b.ints(made)] : [r.input(0)], { axis });
  },
};

/** Opset 18 added the largest and the smallest of what comes to one place. */
function knownReduction(r: Rewriting): readonly Value[] {
  const reduction = r.attrs.string("reduction", "none");
  if (reduction === "max" || reduction === "min") refuse(r, `reduction "${reduction}" came with opset 18`);
  return r.emit(r.node.op, r.inputs, r.node.attrs);
}

/** Attribute `axes` (before opset 13) as the second input. */
function axesToInput(op: string): Rewrite {
  return (r) => {
    const axes = r.attrs.has("axes") ? r.b.ints(r.attrs.ints("axes", [])) : r.inputs[1];
    return r.emit(op, axes ? [r.input(0), axes] : [r.input(0)], attributesWithout(r.node.attrs, "axes"));
  };
}

/** The axes that a Squeeze without axes drops. The batch is not among them, whatever number of pictures it will be. */
function axesOfExtentOne(r: Rewriting): readonly number[] {
  const { shape } = r.input(0);
  const declared = r.declaredShape(0);
  const open = (dim: Dim, i: number): boolean =>
    typeof dim === "string" && shareBeside(dim) === undefined && (typeof declared[i] === "string" || declared[i] === 1);
  if (shape.some(open)) refuse(r, "it drops the axes of extent 1, and extents are not known here");
  return shape.flatMap((dim, i) => (dim === 1 ? [i] : []));
}

/** Sizes of equal parts, the last one smaller where they do not divide the extent (opset 18). */
function equalParts(r: Rewriting, axis: number, count: number): readonly number[] | undefined {
  const shape = r.input(0).shape;
  const extent = shape[normaliseAxis(axis, shape.length, r.where)];
  if (typeof extent !== "number") {
    return r.attrs.has("num_outputs") ? refuse(r, "the extent it splits is not known") : undefined;
  }
  const part = Math.ceil(extent / count);
  return Array.from({ length: count }, (_, i) => Math.min(part, extent - i * part));
}
