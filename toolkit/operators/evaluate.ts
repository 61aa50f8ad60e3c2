import { readAttributes } from "../graph/attributes.ts";
import type { AttributeReader } from "../graph/attributes.ts";
import type { Attributes } from "../graph/ir.ts";
import { broadcastShapes, normaliseAxis } from "../graph/shape.ts";
import { allocate, asFloat32, int64, sizeOf, toNumbers } from "../graph/tensor.ts";
import type { DType, TensorData } from "../graph/tensor.ts";
import { elementTypeOf } from "../graph/element-type.ts";
import { movements } from "./movement.ts";

type Inputs = readonly (TensorData | undefined)[];
type Evaluator = (inputs: Inputs, attrs: AttributeReader) => TensorData | undefined;

/**
 * The result of a standard operator (opset 17, one output) on constants; undefined where this small evaluator does not know it.
 * Arithmetic is done in double precision and rounded once.
 */
export function evaluate(op: string, inputs: Inputs, attrs: Attributes): TensorData | undefined {
  const reader = readAttributes(attrs, op);
  const own = evaluators[op];
  return own ? own(inputs, reader) : move(op, inputs, reader);
}

/** A tensor of numbers, converted to `dtype` as ONNX's Cast does; int64 and uint64 end at their largest, which no double is. */
export function tensorOf(dtype: DType, shape: readonly number[], values: readonly number[]): TensorData {
  const data = allocate(dtype, values.length);
  const integer = dtype !== "float32" && dtype !== "float64";
  for (const [i, value] of values.entries()) {
    const v = dtype === "bool" ? Number(value !== 0) : integer ? Math.trunc(value) : value;
    if (data instanceof BigInt64Array) data[i] = clamp(v, -(2n ** 63n), 2n ** 63n - 1n);
    else if (data instanceof BigUint64Array) data[i] = clamp(v, 0n, 2n ** 64n - 1n);
    else data[i] = v;
  }
  return { dtype, shape, data };
}

function clamp(value: number, low: bigint, high: bigint): bigint {
  const v = BigInt(value);
  return v < low ? low : v > high ? high : v;
}

/** `tensorOf`, or undefined where an integer would have to hold what is not a finite number: the runtime decides what that gives. */
function stored(dtype: DType, shape: readonly number[], values: readonly number[]): TensorData | undefined {
  const fits = dtype === "bool" || dtype.startsWith("float") || values.every(Number.isFinite);
  return fits ? tensorOf(dtype, shape, values) : undefined;
}

/** A floating-point tensor as float32, any other as it is. */
export function asSingle(t: TensorData): TensorData {
  return ["float16", "bfloat16", "float64"].includes(t.dtype) ? asFloat32(t) : t;
}

function move(op: string, inputs: Inputs, attrs: AttributeReader): TensorData | undefined {
  const [t] = inputs;
  const ints = (i: number): readonly number[] | undefined => (inputs[i] ? toNumbers(inputs[i]) : undefined);
  if (!t) return undefined;
  const moved = movements[op]?.({ shape: t.shape, attrs, ints, shapeOf: (i) => inputs[i]?.shape ?? [] });
  if (!moved?.source) return moved && { dtype: t.dtype, shape: moved.shape, data: t.data };
  const data = allocate(t.dtype, moved.source.length);
  for (const [i, from] of moved.source.entries()) data[i] = t.data[from] ?? 0;
  return { dtype: t.dtype, shape: moved.shape, data };
}

function elementwise(f: (...values: number[]) => number, dtype?: DType): Evaluator {
  return (inputs) => {
    const operands = inputs.filter((t) => t !== undefined);
    const [first] = operands;
    if (!first || operands.length !== inputs.length) return undefined;
    const shape = operands.reduce<readonly number[]>(
      (s, t) => broadcastShapes(s, t.shape, "a constant") as number[],
      [],
    );
    const columns = operands.map((t) => broadcast(t, shape));
    const values = Array.from({ length: sizeOf(shape) }, (_, i) => f(...columns.map((column) => column[i] ?? 0)));
    return stored(dtype ?? first.dtype, shape, values);
  };
}

function broadcast(t: TensorData, shape: readonly number[]): number[] {
  const source = movements["Expand"]?.({
    shape: t.shape,
    attrs: readAttributes({}, "Expand"),
    ints: () => shape,
    shapeOf: () => [],
  })?.source;
  const values = toNumbers(t);
  return source ? source.map((i) => values[i] ?? 0) : values;
}

const isInteger = (t: TensorData | undefined): boolean => t !== undefined && !t.dtype.startsWith("float");

/** Reduction of an integer tensor over all its elements, as shape arithmetic has it. */
function reduceAll(f: (a: number, b: number) => number, start: number): Evaluator {
  return (inputs, attrs) => {
    const [t, axes] = inputs;
    if (!t || !isInteger(t) || t.shape.length > 1) return undefined;
    if (axes && toNumbers(axes).length === 0 && attrs.int("noop_with_empty_axes", 0)) return t;
    const kept = attrs.int("keepdims", 1) ? t.shape.map(() => 1) : [];
    return stored(t.dtype, kept, [toNumbers(t).reduce(f, start)]);
  };
}

const evaluators: Readonly<Record<string, Evaluator>> = {
  Identity: ([t]) => t,
  Cast: ([t], attrs) => {
    const dtype = elementTypeOf(attrs.int("to", 1), "Cast");
    if (!t || dtype === "float16" || dtype === "bfloat16") return undefined;
    return dtype === t.dtype ? t : dtype === "float32" ? asFloat32(t) : stored(dtype, t.shape, toNumbers(t));
  },
  Shape: ([t], attrs) =>
    t && int64(t.shape.slice(attrs.int("start", 0), attrs.has("end") ? attrs.int("end", 0) : undefined)),
  Size: ([t]) => t && tensorOf("int64", [], [sizeOf(t.shape)]),
  ConstantOfShape: ([t], attrs) => {
    if (!t) return undefined;
    const value = attrs.tensor("value");
    const shape = toNumbers(t);
    const fill = value ? asSingle(value) : tensorOf("float32", [1], [0]);
    return tensorOf(
      fill.dtype,
      shape,
      Array.from({ length: sizeOf(shape) }, () => toNumbers(fill)[0] ?? 0),
    );
  },
  Range: (inputs) => {
    const [start, limit, step] = inputs.map((t) => (t ? toNumbers(t)[0] : undefined));
    if (start === undefined || limit === undefined || !step || !inputs[0]) return undefined;
    const length = Math.max(0, Math.ceil((limit - start) / step));
    return tensorOf(
      inputs[0].dtype,
      [length],
      Array.from({ length }, (_, i) => start + i * step),
    );
  },
  Concat: concat,
  Add: elementwise((a = 0, b = 0) => a + b),
  Sub: elementwise((a = 0, b = 0) => a - b),
  Mul: elementwise((a = 0, b = 0) => a * b),
  // integer results are cut to integers when they are stored, toward zero as ONNX has it
  Div: elementwise((a = 0, b = 0) => a / b),
  Mod: (inputs, attrs) => {
    const floored = elementwise((a = 0, b = 0) => a - b * Math.floor(a / b));
    return attrs.int("fmod", 0) ? elementwise((a = 0, b = 0) => a % b)(inputs, attrs) : floored(inputs, attrs);
  },
  Pow: elementwise((a = 0, b = 0) => a ** b),
  Min: elementwise(Math.min),
  Max: elementwise(Math.max),
  Neg: elementwise((a = 0) => -a),
  Abs: elementwise((a = 0) => Math.abs(a)),
  Sqrt: elementwise((a = 0) => Math.sqrt(a)),
  Exp: elementwise((a = 0) => Math.exp(a)),
  Log: elementwise((a = 0) => Math.log(a)),
  Sin: elementwise((a = 0) => Math.sin(a)),
  Cos: elementwise((a = 0) => Math.cos(a)),
  Sign: elementwise((a = 0) => Math.sign(a)),
  Sum: elementwise((...values) => values.reduce((sum, v) => sum + v, 0)),
  Mean: elementwise((...values) => values.reduce((sum, v) => sum + v, 0) / values.length),
  Floor: elementwise((a = 0) => Math.floor(a)),
  Ceil: elementwise((a = 0) => Math.ceil(a)),
  Reciprocal: elementwise((a = 0) => 1 / a),
  Equal: elementwise((a = 0, b = 0) => Number(a === b), "bool"),
  Greater: elementwise((a = 0, b = 0) => Number(a > b), "bool"),
  Less: elementwise((a = 0, b = 0) => Number(a < b), "bool"),
  GreaterOrEqual: elementwise((a = 0, b = 0) => Number(a >= b), "bool"),
  LessOrEqual: elementwise((a = 0, b = 0) => Number(a <= b), "bool"),
  And: elementwise((a = 0, b = 0) => Number(a !== 0 && b !== 0), "bool"),
  Or: elementwise((a = 0, b = 0) => Number(a !== 0 || b !== 0), "bool"),
  Not: elementwise((a = 0) => Number(a === 0), "bool"),
  Where: (inputs, attrs) => {
    const chosen = inputs[1];
    return chosen && elementwise((c = 0, a = 0, b = 0) => (c === 0 ? b : a), chosen.dtype)(inputs, attrs);
  },
  ReduceProd: reduceAll((a, b) => a * b, 1),
  ReduceSum: reduceAll((a, b) => a + b, 0),
  ReduceMin: reduceAll(Math.min, Infinity),
  ReduceMax: reduceAll(Math.max, -Infinity),
};

function concat(inputs: Inputs, attrs: AttributeReader): TensorData | undefined {
  const parts = inputs.filter((t) => t !== undefined);
  const [first] = parts;
  if (!first) return undefined;
  const axis = normaliseAxis(attrs.int("axis", 0), first.shape.length, "Concat");
  const outer = sizeOf(first.shape.slice(0, axis));
  const extent = parts.reduce((sum, t) => sum + (t.shape[axis] ?? 0), 0);
  const shape = first.shape.with(axis, extent);
  const data = allocate(first.dtype, sizeOf(shape));
  let at = 0;
  for (let o = 0; o < outer; o++) {
    for (const t of parts) {
      const rows = sizeOf(t.shape.slice(axis));
      for (let i = 0; i < rows; i++) data[at++] = t.data[o * rows + i] ?? 0;
    }
  }
  return { dtype: first.dtype, shape, data };
}
