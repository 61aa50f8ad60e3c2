import type { DType } from "../graph/tensor.ts";
import { onnx } from "./schema.js";

const codes = onnx.TensorProto.DataType;

const elementCodes: Readonly<Record<DType, number>> = {
  float32: codes.FLOAT,
  float64: codes.DOUBLE,
  float16: codes.FLOAT16,
  bfloat16: codes.BFLOAT16,
  int8: codes.INT8,
  uint8: codes.UINT8,
  int16: codes.INT16,
  uint16: codes.UINT16,
  int32: codes.INT32,
  uint32: codes.UINT32,
  int64: codes.INT64,
  uint64: codes.UINT64,
  bool: codes.BOOL,
};

const dtypes: ReadonlyMap<number, DType> = new Map(
  Object.entries(elementCodes).map(([dtype, code]) => [code, dtype as DType]),
);

/** ONNX's number for an element type. */
export function elementCode(dtype: DType): number {
  return elementCodes[dtype];
}

/** The element type behind ONNX's number; undefined for those the toolkit does not read (strings, complex, 8 bits and less of float). */
export function dtypeOf(code: number): DType | undefined {
  return dtypes.get(code);
}

/** ONNX's name for an element type, for error texts. */
export function elementName(code: number): string {
  return codes[code] ?? `number ${code}`;
}
