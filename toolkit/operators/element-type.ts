import { ToolkitError } from "../errors.ts";
import type { DType } from "../graph/tensor.ts";

/** ONNX's numbers for element types (TensorProto.DataType), as Cast's attribute `to` wants them. */
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

const names = new Map(Object.entries(numbers).map(([name, number]) => [number, name as DType]));

/** ONNX's number for an element type. */
export function elementTypeNumber(dtype: DType): number {
  return numbers[dtype];
}

/**
 * The element type behind ONNX's number.
 * @throws E_MODEL_INVALID for a type the toolkit does not read
 */
export function elementTypeOf(number: number, where: string): DType {
  const name = names.get(number);
  if (!name)
    throw new ToolkitError(
      "E_MODEL_INVALID",
      `Cannot use element type ${number} in ${where}: expected a number or bool type`,
    );
  return name;
}

/** Whether values of this type can carry a gradient. */
export function isFloating(dtype: DType): boolean {
  return dtype === "float32" || dtype === "float64" || dtype === "float16" || dtype === "bfloat16";
}
