import { ToolkitError } from "../errors.ts";
import { formatShape } from "../graph/shape.ts";
import {
  allocate,
  bytesPerElement,
  type DType,
  fromBytes,
  sizeOf,
  type TensorData,
  type TypedArray,
} from "../graph/tensor.ts";
import { dtypeOf } from "../graph/element-type.ts";
import { elementName } from "./element-name.ts";
import { parseExternalData, type ReadExternal } from "./external.ts";
import { exactInteger, safeInteger } from "./integers.ts";
import { onnx } from "./schema.js";
import { formatCount } from "./wire-scan.ts";

export type TensorProto = onnx.TensorProto.$Properties;

/** What tensors need to know of their file. */
export interface TensorSource {
  /** Gives external data; must return exactly the bytes asked for. */
  readonly readExternal: ReadExternal;
}

/** No single tensor is larger: ONNX Runtime counts elements in 31 bits in places. */
export const MAX_ELEMENTS: number = 2 ** 31;

/**
 * A tensor as it is stored, in whichever of ONNX's fields; `where` names it in errors, e.g. `model.onnx: initializer "w"`.
 * @throws E_MODEL_SHAPE where elements and shape do not agree, E_MODEL_EXTERNAL, E_MODEL_INVALID
 */
export function decodeTensor(proto: TensorProto, where: string, source: TensorSource): TensorData {
  const code = proto.data_type ?? 0;
  const dtype = dtypeOf(code);
  if (!dtype) {
    throw new ToolkitError(
      "E_MODEL_INVALID",
      `Cannot read ${where}: its elements are of type ${elementName(code)}, which is not supported`,
    );
  }
  if (proto.segment)
    throw new ToolkitError("E_MODEL_INVALID", `Cannot read ${where}: it is stored in segments, which is not supported`);
  const shape = (proto.dims ?? []).map(safeInteger);
  const elements = sizeOf(shape);
  if (shape.some((dim) => dim < 0) || !(elements <= MAX_ELEMENTS)) {
    throw new ToolkitError("E_MODEL_SHAPE", `Cannot read ${where}: its shape is ${formatShape(shape)}`);
  }
  const data = readElements(proto, dtype, shape, where, source);
  if (data.length !== elements) wrongSize(where, dtype, shape, data.byteLength);
  return { dtype, shape, data };
}

function readElements(
  proto: TensorProto,
  dtype: DType,
  shape: readonly number[],
  where: string,
  source: TensorSource,
): TypedArray {
  const expected = sizeOf(shape) * bytesPerElement(dtype);
  if (proto.data_location === onnx.TensorProto.DataLocation.EXTERNAL) {
    const { location, offset, length } = parseExternalData(proto.external_data ?? [], where);
    // before it is read: the entry must not make us read more than the shape has
    if (length !== undefined && length !== expected) wrongSize(where, dtype, shape, length);
    const bytes = source.readExternal(location, offset, expected);
    if (bytes.length !== expected) wrongSize(where, dtype, shape, bytes.length);
    return fromBytes(dtype, bytes);
  }
  const raw = proto.raw_data;
  const typed = typedElements(proto, dtype);
  if (!raw?.length) return typed;
  if (typed.length > 0)
    throw new ToolkitError("E_MODEL_INVALID", `Cannot read ${where}: its elements are stored twice`);
  if (raw.length !== expected) wrongSize(where, dtype, shape, raw.length);
  return fromBytes(dtype, raw);
}

/** Elements from the field that ONNX keeps for their type; empty where it is empty. */
function typedElements(proto: TensorProto, dtype: DType): TypedArray {
  switch (dtype) {
    case "float32":
      return Float32Array.from(proto.float_data ?? []);
    case "float64":
      return Float64Array.from(proto.double_data ?? []);
    case "int64":
      return BigInt64Array.from(proto.int64_data ?? [], exactInteger);
    case "uint64":
      return BigUint64Array.from(proto.uint64_data ?? [], exactInteger);
    case "uint32":
      return Uint32Array.from(proto.uint64_data ?? [], safeInteger);
    default: {
      // all narrower ones, float16 and bfloat16 as their bits
      const values = proto.int32_data ?? [];
      const data = allocate(dtype, values.length) as Int32Array;
      data.set(values);
      return data;
    }
  }
}

function wrongSize(where: string, dtype: DType, shape: readonly number[], bytes: number): never {
  const expected = sizeOf(shape) * bytesPerElement(dtype);
  throw new ToolkitError(
    "E_MODEL_SHAPE",
    `Cannot read ${where}: it says ${formatShape(shape)} ${dtype} (${formatCount(expected)} bytes) but holds ${formatCount(bytes)} bytes`,
    { hint: "the file is damaged: fetch it again, or export the model again" },
  );
}

/** How many elements are NaN and how many are infinite. */
export function countNonfinite({ dtype, data }: TensorData): { readonly nan: number; readonly inf: number } {
  let nan = 0;
  let inf = 0;
  const isHalf = dtype === "float16" || dtype === "bfloat16";
  if (isHalf) {
    // an exponent of ones: infinite where the fraction is zero
    const infinity = dtype === "float16" ? 0x7c00 : 0x7f80;
    for (const bits of data as Uint16Array) {
      if ((bits & 0x7fff) > infinity) nan += 1;
      else if ((bits & 0x7fff) === infinity) inf += 1;
    }
  } else if (data instanceof Float32Array || data instanceof Float64Array) {
    for (let i = 0; i < data.length; i++) {
      const v = data[i]!;
      if (Number.isFinite(v)) continue;
      if (Number.isNaN(v)) nan += 1;
      else inf += 1;
    }
  }
  return { nan, inf };
}
