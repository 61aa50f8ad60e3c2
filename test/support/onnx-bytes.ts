import { onnx } from "../../toolkit/onnx/schema.js";

type ModelProto = onnx.ModelProto.$Properties;
type GraphProto = onnx.GraphProto.$Properties;

/** A protobuf varint. */
export function varint(n: number): number[] {
  const bytes: number[] = [];
  let rest = n;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return [...bytes, rest];
}

/** A length-delimited field around `content`; `length` may lie about it. */
export function field(number: number, content: Uint8Array, length: number = content.length): Uint8Array {
  return join(Uint8Array.from([...varint(number * 8 + 2), ...varint(length)]), content);
}

/** A varint field. */
export function integerField(number: number, value: number): Uint8Array {
  return Uint8Array.from([...varint(number * 8), ...varint(value)]);
}

export function join(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}

/** `count` times the same bytes. */
export function repeat(bytes: Uint8Array, count: number): Uint8Array {
  const all = new Uint8Array(bytes.length * count);
  for (let i = 0; i < count; i++) all.set(bytes, i * bytes.length);
  return all;
}

export const ascii = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, "latin1"));

/** A [2] float32 value, as a graph's input or output. */
export function vector(name: string, extent = 2): onnx.ValueInfoProto.$Properties {
  return { name, type: { tensor_type: { elem_type: 1, shape: { dim: [{ dim_value: extent }] } } } };
}

export function node(
  op_type: string,
  input: string[],
  output: string[],
  more: onnx.NodeProto.$Properties = {},
): onnx.NodeProto.$Properties {
  return { op_type, input, output, ...more };
}

/** A float32 initializer of shape [values.length]. */
export function weight(name: string, values: readonly number[] = [1, 2]): onnx.TensorProto.$Properties {
  return { name, data_type: 1, dims: [values.length], raw_data: new Uint8Array(Float32Array.from(values).buffer) };
}

/** y = Relu(x) in opset 17, with `graph` and `model` laid over it. */
export function modelBytes(graph: GraphProto = {}, model: ModelProto = {}): Uint8Array {
  const proto: ModelProto = {
    ir_version: 8,
    opset_import: [{ domain: "", version: 17 }],
    graph: { name: "g", node: [node("Relu", ["x"], ["y"])], input: [vector("x")], output: [vector("y")], ...graph },
    ...model,
  };
  return Uint8Array.from(onnx.ModelProto.encode(proto).finish());
}
