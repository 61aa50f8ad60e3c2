import { float32, int64, toNumbers } from "../../graph/tensor.ts";
import type { Dim, Value } from "../../graph/ir.ts";
import { normaliseAxis } from "../../graph/shape.ts";
import { multiplyAlong, transposed } from "../../operators/along-axis.ts";
import { interpolationMatrix, interpolationOf } from "../../operators/interpolation.ts";
import { scaledDim } from "../../operators/resize.ts";
import { attributesWithout, refuse } from "./rewrite.ts";
import type { Rewrites, Rewriting } from "./rewrite.ts";

/** Upsample, and what Resize was before opset 11 and has been since 18. */
export const resizes: Rewrites = {
  Upsample: (r) => {
    const scales = r.opset >= 9 ? r.constant(1) : scalesAttribute(r);
    return scales ? ofOpset10(r, toNumbers(scales)) : refuse(r, "its scales are computed when the graph runs");
  },
  Resize: (r) => {
    if (r.opset >= 11) return ofOpset11(r);
    const scales = r.constant(1);
    return scales ? ofOpset10(r, toNumbers(scales)) : refuse(r, "its scales are computed when the graph runs");
  },
};

function scalesAttribute(r: Rewriting): ReturnType<typeof float32> {
  const value = r.node.attrs["scales"];
  const list = typeof value === "object" && "float" in value && typeof value.float === "object" ? value.float : [];
  return float32([list.length], list);
}

/**
 * Before opset 11 there was one rule for coordinates: divide by the scale; nearest took the element below, or above along an axis that shrank.
 * An axis that grows and one that shrinks are resized one after the other.
 */
function ofOpset10(r: Rewriting, scales: readonly number[]): readonly Value[] {
  const mode = r.attrs.string("mode", "nearest");
  const asymmetric = { coordinate_transformation_mode: "asymmetric" };
  if (mode !== "nearest") {
    const attrs = { ...asymmetric, mode: mode === "bilinear" ? "linear" : mode };
    return r.emit("Resize", [r.input(0), undefined, r.b.floats(scales)], attrs);
  }
  const shrinks = scales.map((f) => Math.min(f, 1));
  const grows = scales.map((f) => Math.max(f, 1));
  const up = { ...asymmetric, mode, nearest_mode: "floor" };
  const down = { ...asymmetric, mode, nearest_mode: "ceil" };
  if (shrinks.every((f) => f === 1)) return r.emit("Resize", [r.input(0), undefined, r.b.floats(grows)], up);
  const grown = grows.every((f) => f === 1)
    ? r.input(0)
    : r.b.op("Resize", [r.input(0), undefined, r.b.floats(grows)], up);
  return r.emit("Resize", [grown, undefined, r.b.floats(shrinks)], down);
}

const COORDINATES = new Set([
  "align_corners",
  "asymmetric",
  "half_pixel",
  "half_pixel_symmetric",
  "pytorch_half_pixel",
  "tf_crop_and_resize",
  "tf_half_pixel_for_nn",
]);

/** Opset 18 added axes, antialiasing and a policy for the aspect ratio, 19 symmetric coordinates. */
function ofOpset11(r: Rewriting): readonly Value[] {
  const coordinates = r.attrs.string("coordinate_transformation_mode", "half_pixel");
  if (!COORDINATES.has(coordinates)) refuse(r, `coordinates "${coordinates}" are not ONNX's`);
  const attrs = attributesWithout(r.node.attrs, "axes", "antialias", "keep_aspect_ratio_policy");
  if (coordinates === "tf_crop_and_resize") {
    if (r.attrs.has("axes")) refuse(r, "a region of some axes came with opset 18");
    return r.emit("Resize", r.inputs, attrs);
  }
  const { shape } = r.input(0);
  const axes = r.attrs.ints("axes", [...shape.keys()]).map((axis) => normaliseAxis(axis, shape.length, r.where));
  const policy = r.attrs.string("keep_aspect_ratio_policy", "stretch");
  const scales = elementsOf(r, 2);
  if (scales) {
    const factors = spread(
      shape.map(() => 1),
      axes,
      scales,
    );
    return written(
      r,
      factors,
      shape.map((dim, i) => scaledDim(dim, factors[i] ?? 1)),
      attrs,
    );
  }
  const keepsBatch = (dim: Dim, i: number): boolean => axes[i] === 0 && typeof shape[0] === "string" && dim === r.batch;
  const wanted = r.elements(3)?.map((dim, i) => (keepsBatch(dim, i) ? (shape[0] ?? dim) : dim));
  if (policy !== "stretch") return written(r, ...inProportion(r, policy, axes, wanted), attrs);
  const smooth = r.attrs.int("antialias", 0) === 1;
  if (!wanted && smooth) refuse(r, "antialias came with opset 18, and sizes are not known here");
  if (!wanted)
    return r.attrs.has("axes") ? refuse(r, "it has neither scales nor sizes") : r.emit("Resize", r.inputs, attrs);
  const sizes = spread(shape, axes, wanted);
  const factors = sizes.map((size, i) => factorOf(shape[i] ?? 1, size));
  if (factors.every((f) => f !== undefined)) return written(r, factors, sizes, attrs);
  if (smooth) refuse(r, "antialias came with opset 18, and extents are not known here");
  return sizes.every((size) => typeof size === "number")
    ? r.emit("Resize", [r.input(0), undefined, undefined, r.b.constant(int64(sizes))], attrs)
    : r.emit("Resize", [r.input(0), undefined, undefined, sizesValue(r, axes)], attrs);
}

function elementsOf(r: Rewriting, i: number): readonly number[] | undefined {
  const t = r.constant(i);
  return t && t.data.length > 0 ? toNumbers(t) : undefined;
}

function spread<T>(all: readonly T[], axes: readonly number[], some: readonly T[]): readonly T[] {
  return all.map((v, i) => (axes.includes(i) ? (some[axes.indexOf(i)] ?? v) : v));
}

/** The scale that gives this extent by itself, so that extents that are not resized need not be known; undefined where there is none. */
function factorOf(input: Dim, output: Dim): number | undefined {
  if (input === output) return 1;
  if (typeof input !== "number" || typeof output !== "number") return undefined;
  const factor = Math.fround(output / input);
  return scaledDim(input, factor) === output ? factor : undefined;
}

/** Sizes of all axes, those of the axes that are not resized from the operand itself. */
function sizesValue(r: Rewriting, axes: readonly number[]): Value {
  const sizes = r.input(3);
  if (axes.length === r.input(0).shape.length && axes.every((axis, i) => axis === i)) return sizes;
  const one = (v: Value, i: number): Value => r.b.op("Slice", [v, r.b.ints([i]), r.b.ints([i + 1]), r.b.ints([0])]);
  const own = r.b.op("Shape", [r.input(0)]);
  const parts = r.input(0).shape.map((_, i) => (axes.includes(i) ? one(sizes, axes.indexOf(i)) : one(own, i)));
  return r.b.op("Concat", parts, { axis: 0 });
}

/** One scale for all resized axes: the smallest that is asked for, or the largest; the extents it gives are rounded. */
function inProportion(
  r: Rewriting,
  policy: string,
  axes: readonly number[],
  wanted: readonly Dim[] | undefined,
): readonly [readonly number[], readonly Dim[]] {
  const { shape } = r.input(0);
  const ratios = axes.map((axis, i) => {
    const [input, output] = [shape[axis], wanted?.[i]];
    if (typeof input === "number" && typeof output === "number") return output / input;
    return refuse(r, `keep_aspect_ratio_policy "${policy}" came with opset 18, and extents are not known here`);
  });
  const factor = Math.fround(policy === "not_larger" ? Math.min(...ratios) : Math.max(...ratios));
  return [
    shape.map((_, i) => (axes.includes(i) ? factor : 1)),
    shape.map((dim, i) => (axes.includes(i) && typeof dim === "number" ? Math.round(factor * dim) : dim)),
  ];
}

/** Resize by scales where opset 17 makes these extents of them, else a matrix along each axis. */
function written(
  r: Rewriting,
  factors: readonly number[],
  sizes: readonly Dim[],
  attrs: Rewriting["node"]["attrs"],
): readonly Value[] {
  const { shape } = r.input(0);
  const symmetric = r.attrs.string("coordinate_transformation_mode", "half_pixel") === "half_pixel_symmetric";
  const fits = factors.every((f, i) => scaledDim(shape[i] ?? 1, f) === sizes[i]);
  // symmetric coordinates are half_pixel's where nothing was rounded
  const whole = factors.every((f, i) => isWhole(shape[i] ?? 1, f));
  if (fits && (!symmetric || whole) && !shrinksSmoothly(r, factors)) {
    const own = symmetric ? { ...attrs, coordinate_transformation_mode: "half_pixel" } : attrs;
    return r.emit("Resize", [r.input(0), undefined, r.b.floats(factors)], own);
  }
  const how = interpolationOf(r.attrs);
  const resized = [...factors.keys()].filter((i) => factors[i] !== 1 || shape[i] !== sizes[i]);
  return [
    resized.reduce((v, i) => {
      const [input, output] = [shape[i], sizes[i]];
      if (typeof input !== "number" || typeof output !== "number")
        refuse(r, "it needs opset 18, and extents are not known here");
      return multiplyAlong(r.b, v, i, transposed(interpolationMatrix(how, { input, output, scale: factors[i] ?? 1 })));
    }, r.input(0)),
  ];
}

/** Antialiasing came with opset 18; it changes nothing where no axis shrinks. */
function shrinksSmoothly(r: Rewriting, factors: readonly number[]): boolean {
  return r.attrs.int("antialias", 0) === 1 && factors.some((f) => f < 1);
}

function isWhole(dim: Dim, factor: number): boolean {
  return typeof dim === "number" ? Number.isInteger(Math.fround(dim * factor)) : Number.isInteger(factor);
}
