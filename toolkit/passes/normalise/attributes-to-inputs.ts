import { float32, int64, scalar, toNumbers } from "../../graph/tensor.ts";
import type { Value } from "../../graph/ir.ts";
import { normaliseAxis } from "../../graph/shape.ts";
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
  Squeeze: axesToInput("Squeeze"),
  Unsqueeze: axesToInput("Unsqueeze"),
  ReduceSum: axesToInput("ReduceSum"),
  Pad: (r) => {
    const rest = attributesWithout(r.node.attrs, "pads", "value");
    if (r.attrs.string("mode", "constant") === "wrap") refuse(r, `mode "wrap" came with opset 19`);
    if (r.opset < 11) {
      const value = r.attrs.float("value", 0);
      const pads = r.b.ints(r.attrs.ints("pads", []));
      return r.emit("Pad", value === 0 ? [r.input(0), pads] : [r.input(0), pads, r.b.scalar(value)], rest);
    }
    const axes = constantInts(r, 3);
    if (!axes) return r.emit("Pad", r.inputs.slice(0, 3), rest);
    const given = constantInts(r, 1) ?? [];
    return r.emit("Pad", [r.input(0), r.b.ints(padsOfAllAxes(r, axes, given)), ...r.inputs.slice(2, 3)], rest);
  },
  Slice: (r) => {
    if (r.opset >= 10) return r.emit("Slice", r.inputs, r.node.attrs);
    const starts = r.attrs.ints("starts", []);
    const axes = r.attrs.ints(
      "axes",
      starts.map((_, i) => i),
    );
    return r.emit("Slice", [r.input(0), r.b.ints(starts), r.b.ints(r.attrs.ints("ends", [])), r.b.ints(axes)]);
  },
  Split: (r) => {
    const axis = r.attrs.int("axis", 0);
    const sizes = r.attrs.has("split") ? r.attrs.ints("split", []) : constantInts(r, 1);
    const made = sizes ?? equalParts(r, axis, r.node.outputs.length);
    return r.emit("Split", made ? [r.input(0), r.b.ints(made)] : [r.input(0)], { axis });
  },
  Upsample: (r) => {
    const scales = r.opset >= 9 ? r.constant(1) : float32OfAttribute(r, "scales");
    return resizeOfOpset10(r, scales ? r.b.constant(scales) : r.input(1), scales && toNumbers(scales));
  },
  Resize: (r) => {
    if (r.opset < 11) {
      const scales = r.constant(1);
      return resizeOfOpset10(r, r.input(1), scales && toNumbers(scales));
    }
    return resizeOfOpset18(r);
  },
};

/** Attribute `axes` (before opset 13) as the second input. */
function axesToInput(op: string): Rewrite {
  return (r) => {
    const axes = r.attrs.has("axes") ? r.b.ints(r.attrs.ints("axes", [])) : r.inputs[1];
    return r.emit(op, axes ? [r.input(0), axes] : [r.input(0)], attributesWithout(r.node.attrs, "axes"));
  };
}

/** Pads of some axes (opset 18), spread over all of them. */
function padsOfAllAxes(r: Rewriting, axes: readonly number[], given: readonly number[]): readonly number[] {
  const rank = r.input(0).shape.length;
  const pads = Array.from({ length: 2 * rank }, () => 0);
  for (const [i, axis] of axes.entries()) {
    const at = normaliseAxis(axis, rank, r.where);
    pads[at] = given[i] ?? 0;
    pads[at + rank] = given[i + axes.length] ?? 0;
  }
  return pads;
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

function float32OfAttribute(r: Rewriting, name: string): ReturnType<typeof float32> {
  const value = r.node.attrs[name];
  const list = typeof value === "object" && "float" in value && typeof value.float === "object" ? value.float : [];
  return float32([list.length], list);
}

/** Before opset 11 there was one rule for coordinates: divide by the scale; nearest took the element below, or above where it shrank. */
function resizeOfOpset10(r: Rewriting, scales: Value, factors: readonly number[] | undefined): readonly Value[] {
  const mode = r.attrs.string("mode", "nearest");
  const shrinks = factors?.some((f) => f < 1) ?? false;
  return r.emit("Resize", [r.input(0), undefined, scales], {
    mode: mode === "bilinear" ? "linear" : mode,
    coordinate_transformation_mode: "asymmetric",
    ...(mode === "nearest" ? { nearest_mode: shrinks ? "ceil" : "floor" } : {}),
  });
}

/** Opset 18 added axes, antialiasing and a policy for the aspect ratio. */
function resizeOfOpset18(r: Rewriting): readonly Value[] {
  if (r.attrs.int("antialias", 0)) refuse(r, "antialias came with opset 18");
  const policy = r.attrs.string("keep_aspect_ratio_policy", "stretch");
  if (policy !== "stretch") refuse(r, `keep_aspect_ratio_policy "${policy}" came with opset 18`);
  const coordinates = r.attrs.string("coordinate_transformation_mode", "half_pixel");
  if (coordinates === "half_pixel_symmetric") refuse(r, `"${coordinates}" came with opset 19`);
  const attrs = attributesWithout(r.node.attrs, "axes", "antialias", "keep_aspect_ratio_policy");
  if (!r.attrs.has("axes")) return r.emit("Resize", r.inputs, attrs);
  const { shape } = r.input(0);
  const axes = r.attrs.ints("axes", []).map((axis) => normaliseAxis(axis, shape.length, r.where));
  const scales = r.constant(2);
  const all = shape.map(() => 1);
  if (scales && scales.data.length > 0) {
    for (const [i, f] of toNumbers(scales).entries()) all[axes[i] ?? 0] = f;
    return r.emit("Resize", [r.input(0), undefined, r.b.constant(float32([all.length], all))], attrs);
  }
  const sizes = constantInts(r, 3) ?? refuse(r, "it has neither scales nor sizes");
  const full = shape.map((dim, axis) => (axes.includes(axis) ? (sizes[axes.indexOf(axis)] ?? 1) : dim));
  if (full.every((dim) => typeof dim === "number")) {
    return r.emit("Resize", [r.input(0), undefined, undefined, r.b.constant(int64(full))], attrs);
  }
  // extents that are not resized come from the operand itself
  const dims = full.map((dim, i) => (typeof dim === "number" ? r.b.ints([dim]) : extentOf(r, i)));
  return r.emit("Resize", [r.input(0), undefined, undefined, r.b.op("Concat", dims, { axis: 0 })], attrs);
}

function extentOf(r: Rewriting, axis: number): Value {
  return r.b.op("Gather", [r.b.op("Shape", [r.input(0)]), r.b.ints([axis])], { axis: 0 });
}
