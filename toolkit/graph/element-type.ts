import { ToolkitError } from "../errors.ts";
import type { DType } from "./tensor.ts";

/** ONNX's numbers for the element types the toolkit reads (TensorProto.DataType). */
const numbers: Readonly<Record<DType, number>> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
  uint64: 13,
  bfloat16: 16,
};

const dtypes: ReadonlyMap<number, DType> = new Map(
  Object.entries(numbers).map(([dtype, number]) => [number, dtype as DType]),
);

/** ONNX's number for an element type. */
export function elementTypeNumber(dtype: DType): number {
  return numbers[dtype];
}

/** The element type behind ONNX's number; undefined for those the toolkit does not read (strings, complex, 8 bits and less of float). */
export function dtypeOf(number: number): DType | undefined {
  return dtypes.get(number);
}

/**
 * The element type behind ONNX's number.
 * @throws E_MODEL_INVALID for a type the toolkit does not read
 */
export function elementTypeOf(number: number, where: string): DType {
  const dtype = dtypeOf(number);
  if (dtype) return dtype;
  throw new ToolkitError(
    "E_MODEL_INVALID",
    `Cannot use element type ${number} in ${where}: expected a number or bool type`,
  );
}

/** Whether values of this type can carry a gradient. */
export function isFloating(dtype: DType): boolean {
  return dtype === "float32" || dtype === "float64" || dtype === "float16" || dtype === "bfloat16";
}
