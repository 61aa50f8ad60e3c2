import { ToolkitError } from "../errors.ts";
import type { Attribute } from "../graph/ir.ts";
import { decodeTensor, type TensorSource } from "./decode-tensor.ts";
import { safeInteger } from "./integers.ts";
import { onnx } from "./schema.js";

export type AttributeProto = onnx.AttributeProto.$Properties;
type Reader = (proto: AttributeProto, where: string, source: TensorSource) => Attribute;

const types = onnx.AttributeProto.AttributeType;
const utf8 = new TextDecoder("utf-8", { fatal: true });

const readers: ReadonlyMap<number, Reader> = new Map<number, Reader>([
  [types.FLOAT, (a) => ({ float: a.f ?? 0 })],
  [types.INT, (a) => safeInteger(a.i ?? 0)],
  [types.STRING, (a, where) => text(a.s ?? new Uint8Array(), where)],
  [types.TENSOR, (a, where, source) => decodeTensor(a.t ?? {}, where, source)],
  [types.FLOATS, (a) => ({ float: a.floats ?? [] })],
  [types.INTS, (a) => (a.ints ?? []).map(safeInteger)],
  [types.STRINGS, (a, where) => (a.strings ?? []).map((s) => text(s, where))],
]);

const fields = [
  ["f", types.FLOAT],
  ["i", types.INT],
  ["s", types.STRING],
  ["t", types.TENSOR],
  ["g", types.GRAPH],
  ["floats", types.FLOATS],
  ["ints", types.INTS],
  ["strings", types.STRINGS],
] as const;

/**
 * A node's attribute; `node` names the node in errors, e.g. `Conv "conv1"`.
 * @throws E_MODEL_OP for subgraphs (If, Loop, Scan), E_MODEL_INVALID for what attributes of a trainable network never are
 */
export function decodeAttribute(proto: AttributeProto, file: string, node: string, source: TensorSource): Attribute {
  const where = `${file}: attribute "${proto.name ?? ""}" of ${node}`;
  const type = proto.type || typeInUse(proto);
  if (type === types.GRAPH || type === types.GRAPHS) {
    throw new ToolkitError(
      "E_MODEL_OP",
      `Cannot read ${file}: ${node} holds a subgraph, and control flow is not supported`,
      {
        hint: "export the model with fixed control flow: torch.onnx.export of the model in eval mode writes none for usual networks",
      },
    );
  }
  const reader = readers.get(type);
  if (!reader || proto.ref_attr_name) {
    throw new ToolkitError("E_MODEL_INVALID", `Cannot read ${where}: its type ${types[type] ?? type} is not supported`);
  }
  return reader(proto, where, source);
}

/** In files of IR version 1 the type is told by the field in use. */
function typeInUse(proto: AttributeProto): onnx.AttributeProto.AttributeType {
  const found = fields.find(([field]) => {
    const v = proto[field];
    return Array.isArray(v) ? v.length > 0 : Object.hasOwn(proto, field);
  });
  return found?.[1] ?? types.UNDEFINED;
}

function text(bytes: Uint8Array, where: string): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new ToolkitError("E_MODEL_INVALID", `Cannot read ${where}: it is no UTF-8 text`, { cause });
  }
}
