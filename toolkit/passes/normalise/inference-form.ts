import { isTensor } from "../../graph/attributes.ts";
import type { Dim } from "../../graph/ir.ts";
import { multiplyDims, sameShape } from "../../graph/shape.ts";
import { float32, int64, scalar } from "../../graph/tensor.ts";
import type { TensorData } from "../../graph/tensor.ts";
import { elementTypeOf, isFloating } from "../../graph/element-type.ts";
import { placeBatch } from "./batch-place.ts";
import { attributesWithout, refuse } from "./rewrite.ts";
import type { Rewrites, Rewriting } from "./rewrite.ts";
import { dilatedAverage, isDilated } from "./windows.ts";

/** Operators that do nothing at inference, constants, and what a file says in another way than this dialect. */
export const inferenceForm: Rewrites = {
  // torch's exporter shares equal weights through Identity, and they are trained apart: each gets a copy under the Identity's name
  Identity: (r) => {
    const t = r.constant(0);
    const shared = r.readersOf(0) > 1 && !r.kept.has(r.input(0).name);
    return t && (shared || r.kept.has(r.node.outputs[0]?.name ?? "")) ? r.name(t) : [r.input(0)];
  },
  Dropout: (r) => [r.input(0)],
  Constant: (r) => r.name(constantOf(r)),
  Cast: (r) => {
    const number = r.attrs.int("to", 0);
    const named = elementTypeOf(number, r.where);
    const dtype = ["float16", "bfloat16", "float64"].includes(named) ? "float32" : named;
    if (r.input(0).dtype === dtype) return [r.input(0)];
    return r.emit("Cast", [r.input(0)], { to: dtype === "float32" ? 1 : number });
  },
  EyeLike: (r) => {
    const single = r.attrs.has("dtype") && isFloating(elementTypeOf(r.attrs.int("dtype", 1), r.where));
    return r.emit("EyeLike", r.inputs, single ? { ...r.node.attrs, dtype: 1 } : r.node.attrs);
  },
  BatchNormalization: (r) => {
    const rank = r.input(1).shape.length;
    if (r.opset < 9 && r.attrs.int("spatial", 1) === 0 && rank !== 1) {
      refuse(r, "spatial = 0, statistics for every pixel, ended with opset 9");
    }
    // a file exported in training form is read with its running statistics, as it will be used
    const attrs = attributesWithout(r.node.attrs, "spatial", "training_mode", "consumed_inputs", "is_test");
    return r.emit("BatchNormalization", r.inputs.slice(0, 5), attrs, 1);
  },
  AveragePool: (r) => {
    if (isDilated(r)) return dilatedAverage(r);
    const attrs = attributesWithout(r.node.attrs, "dilations");
    return coversMap(r) ? r.emit("GlobalAveragePool", [r.input(0)]) : r.emit("AveragePool", r.inputs, attrs);
  },
  Flatten: (r) => {
    const { shape } = r.input(0);
    return shape.length === 2 && [1, -1].includes(r.attrs.int("axis", 1))
      ? [r.input(0)]
      : r.emit("Flatten", r.inputs, r.node.attrs);
  },
  Reshape: (r) => {
    const target = r.elements(1);
    if (r.opset >= 14 && r.attrs.int("allowzero", 0) && target?.includes(0) !== false)
      refuse(r, "allowzero with an extent of 0");
    const written = target && writeTarget(r, target);
    if (!written) return r.emit("Reshape", [r.input(0), r.input(1)]);
    const { shape } = r.input(0);
    if (written.length === shape.length && sameShape(resolve(shape, written), shape)) return [r.input(0)];
    return r.emit("Reshape", [r.input(0), r.b.ints(written)]);
  },
};

/** Whether the window of an AveragePool is the whole map at the declared picture size. */
function coversMap(r: Rewriting): boolean {
  const map = r.declaredShape(0).slice(2);
  const padded = r.attrs.ints("pads", []).some((p) => p !== 0);
  const automatic = r.attrs.string("auto_pad", "NOTSET").startsWith("SAME");
  return !padded && !automatic && map.length === 2 && sameShape(map, r.attrs.ints("kernel_shape", []));
}

/** A Reshape target as constants: 0 for an extent that stays in place, -1 for at most one that follows from the others. */
function writeTarget(r: Rewriting, target: readonly Dim[]): readonly number[] | undefined {
  const { batch, sequenceFirst } = r;
  const { shape } = r.input(0);
  const placed = batch === undefined ? undefined : placeBatch(shape, target, batch, sequenceFirst);
  if (placed) return placed;
  const written = target.map((dim, i) => {
    const keepsBatch = i === 0 && typeof shape[0] === "string" && dim === batch;
    if (keepsBatch || (typeof dim === "string" && dim === shape[i])) return 0;
    return typeof dim === "string" ? -1 : dim;
  });
  const rest = multiplyDims(resolve(shape, written).slice(1));
  if (written[0] === -1 && typeof shape[0] === "string" && rest === multiplyDims(shape.slice(1))) {
    return [0, ...written.slice(1)];
  }
  return written.filter((dim) => dim === -1).length <= 1 ? written : undefined;
}

/** The extents a written target gives; -1 stays a number nothing equals, unless it must be the extent in its place. */
function resolve(shape: readonly Dim[], written: readonly number[]): readonly Dim[] {
  const dims = written.map((dim, i) => (dim === 0 ? (shape[i] ?? 0) : dim));
  const free = dims.indexOf(-1);
  const others = dims.filter((_, i) => i !== free);
  const left = shape.filter((_, i) => i !== free);
  if (free === -1 || !sameShape(others, left) || dims.length !== shape.length) return dims;
  return dims.with(free, shape[free] ?? -1);
}

function constantOf(r: Rewriting): TensorData {
  const { value, value_float: one, value_floats: many, value_int: whole, value_ints: list } = r.node.attrs;
  if (value !== undefined && isTensor(value)) return value;
  if (typeof whole === "number") return scalar(whole, "int64");
  if (Array.isArray(list)) return int64(list.map(Number));
  if (typeof one === "object" && "float" in one) return scalar(Number(one.float));
  if (typeof many === "object" && "float" in many && typeof many.float !== "number")
    return float32([many.float.length], many.float);
  return refuse(r, "its value is a text or a sparse tensor");
}
