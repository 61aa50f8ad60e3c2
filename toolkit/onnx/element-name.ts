import { onnx } from "./schema.js";

/** ONNX's name for an element type, for error texts. */
export function elementName(code: number): string {
  return onnx.TensorProto.DataType[code] ?? `number ${code}`;
}
