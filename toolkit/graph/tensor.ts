import { ToolkitError } from "../errors.ts";

/** Element types the toolkit reads and writes. float16 and bfloat16 travel as their 16 bits. */
export type DType =
  | "float32"
  | "float64"
  | "float16"
  | "bfloat16"
  | "int8"
  | "uint8"
  | "int16"
  | "uint16"
  | "int32"
  | "uint32"
  | "int64"
  | "uint64"
  | "bool";

export type TypedArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

/** A tensor's elements, row-major. An empty shape is a scalar. */
export interface TensorData {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: TypedArray;
}

const arrays = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
} as const;

/** Bytes of one element. */
export function bytesPerElement(dtype: DType): number {
  return arrays[dtype].BYTES_PER_ELEMENT;
}

/** A zero-filled array for `length` elements of `dtype`. */
export function allocate(dtype: DType, length: number): TypedArray {
  return new arrays[dtype](length);
}

/** Little-endian bytes seen as elements of `dtype`; copied only where their offset is not aligned. */
export function fromBytes(dtype: DType, bytes: Uint8Array): TypedArray {
  const Elements = arrays[dtype];
  const size = Elements.BYTES_PER_ELEMENT;
  // not slice(): a Buffer's is a view
  const aligned = bytes.byteOffset % size === 0 ? bytes : new Uint8Array(bytes);
  return new Elements(aligned.buffer as ArrayBuffer, aligned.byteOffset, aligned.byteLength / size);
}

/** The bytes under a typed array, without a copy. */
export function toBytes(data: TypedArray): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** Number of elements of a shape; 1 for a scalar. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, dim) => product * dim, 1);
}

/**
 * A tensor whose element count is checked against its shape.
 * @throws E_SHAPE where they differ
 */
export function tensor(dtype: DType, shape: readonly number[], data: TypedArray): TensorData {
  if (data.length !== sizeOf(shape)) {
    throw new ToolkitError(
      "E_SHAPE",
      `Cannot make a tensor of shape [${shape.join()}]: it needs ${sizeOf(shape)} elements, got ${data.length}`,
    );
  }
  return { dtype, shape, data };
}

/** A float32 tensor from plain numbers. */
export function float32(shape: readonly number[], values: ArrayLike<number>): TensorData {
  return tensor("float32", shape, Float32Array.from(values));
}

/** A 1-D int64 tensor from plain numbers, as ONNX wants axes and shapes. */
export function int64(values: readonly number[]): TensorData {
  return tensor(
    "int64",
    [values.length],
    BigInt64Array.from(values, (v) => BigInt(v)),
  );
}

/** A rank-0 tensor. */
export function scalar(value: number, dtype: DType = "float32"): TensorData {
  const data = allocate(dtype, 1);
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) data[0] = BigInt(value);
  else data[0] = dtype === "float16" ? floatToHalf(value) : value;
  return { dtype, shape: [], data };
}

/** The elements as plain numbers (int64 beyond 2^53 lose digits; float16 is widened). */
export function toNumbers(t: TensorData): number[] {
  if (t.dtype === "float16") return Array.from(t.data as Uint16Array, halfToFloat);
  return Array.from(t.data as ArrayLike<number | bigint>, Number);
}

/** IEEE 754 binary16 bits to a number. */
function halfToFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

const floatBits = new Float32Array(1);
const intBits = new Uint32Array(floatBits.buffer);

/** A number to IEEE 754 binary16 bits, rounded to nearest even. */
export function floatToHalf(value: number): number {
  floatBits[0] = value;
  const bits = intBits[0] ?? 0;
  const sign = (bits >>> 16) & 0x8000;
  const exponent = ((bits >>> 23) & 0xff) - 112;
  const fraction = bits & 0x7fffff;
  if (exponent >= 31) return exponent === 143 && fraction ? sign | 0x7e00 : sign | 0x7c00;
  if (exponent <= 0) {
    if (exponent < -10) return sign;
    const full = fraction | 0x800000;
    const shift = 14 - exponent;
    return sign | roundShift(full, shift);
  }
  // a carry out of the fraction rightly raises the exponent
  return sign | ((exponent << 10) + roundShift(fraction, 13));
}

function roundShift(value: number, shift: number): number {
  const kept = value >>> shift;
  const rest = value & ((1 << shift) - 1);
  const half = 1 << (shift - 1);
  return rest > half || (rest === half && kept & 1) ? kept + 1 : kept;
}

/** Any real tensor as float32. */
export function asFloat32(t: TensorData): TensorData {
  if (t.dtype === "float32") return t;
  if (t.dtype === "bfloat16") {
    const bits = Uint32Array.from(t.data as Uint16Array, (v) => v << 16);
    return { dtype: "float32", shape: t.shape, data: new Float32Array(bits.buffer) };
  }
  if (t.dtype === "float16") {
    // a table of all 65536 values: decoding each element anew takes seconds for the weights of a network
    halves ??= Float32Array.from({ length: 0x10000 }, (_, bits) => halfToFloat(bits));
    const data = new Float32Array(t.data.length);
    for (let i = 0; i < data.length; i++) data[i] = halves[Number(t.data[i])] ?? 0;
    return { dtype: "float32", shape: t.shape, data };
  }
  return { dtype: "float32", shape: t.shape, data: Float32Array.from(toNumbers(t)) };
}

let halves: Float32Array | undefined;
