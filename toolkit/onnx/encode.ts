import { ToolkitError } from "../errors.ts";
import { isFloat, isGraph, isTensor } from "../graph/attributes.ts";
import type { Attribute, Graph, Model, Node, TensorType, Value } from "../graph/ir.ts";
import { GRADIENT_DOMAIN, UNKNOWN_TYPE } from "../graph/ir.ts";
import { formatShape } from "../graph/shape.ts";
import { sizeOf, type TensorData, toBytes } from "../graph/tensor.ts";
import { describeNode } from "./describe-node.ts";
import { elementTypeNumber } from "../graph/element-type.ts";
import { onnx } from "./schema.js";

const types = onnx.AttributeProto.AttributeType;
const utf8 = new TextEncoder();

/**
 * The first opset of each ONNX release, and the IR version that came with it (onnx/docs/Versioning.md). Before 4 an initializer had to be an
 * input as well, which this writer never makes of it.
 */
const irVersions = [
  [23, 11],
  [21, 10],
  [19, 9],
  [15, 8],
  [12, 7],
  [11, 6],
  [10, 5],
] as const;
const IR_MIN = 4;

/**
 * A model as the bytes of an ONNX file: every constant an initializer, no types for values in between. The bytes have a buffer of their own.
 * @throws E_NOT_LOWERED for a gradient operator, E_MODEL_OPSET without a standard opset, E_SHAPE for a tensor that does not fill its shape
 */
export function encodeModel(model: Model): Uint8Array {
  const { graph, metadata } = model;
  const opset = model.opsets.get("");
  if (opset === undefined)
    throw new ToolkitError("E_MODEL_OPSET", "Cannot write the model: it declares no opset of the standard operators");
  const proto: onnx.ModelProto.$Properties = {
    ir_version: irVersions.find(([first]) => opset >= first)?.[1] ?? IR_MIN,
    producer_name: "onnx-graft",
    opset_import: encodeOpsets(model),
    graph: encodeGraph(graph),
    metadata_props: Array.from(metadata, ([key, value]) => ({ key, value })),
  };
  const bytes = onnx.ModelProto.encode(proto).finish();
  // small results come from a pool that others share: whoever transferred such a buffer would take theirs along
  return bytes.byteLength === bytes.buffer.byteLength ? new Uint8Array(bytes.buffer) : new Uint8Array(bytes);
}

function encodeGraph(graph: Graph): onnx.GraphProto.$Properties {
  return {
    name: "graph",
    node: graph.nodes.map(encodeNode),
    initializer: Array.from(graph.constants, ([name, t]) => encodeTensor(t, name)),
    input: graph.inputs.map(encodeValue),
    output: graph.outputs.map(encodeValue),
  };
}

function encodeOpsets(model: Model): onnx.OperatorSetIdProto.$Properties[] {
  const opsets = new Map(model.opsets);
  // contrib domains have had version 1 only
  for (const { domain = "" } of allNodes(model.graph)) if (!opsets.has(domain)) opsets.set(domain, 1);
  return Array.from(opsets, ([domain, version]) => ({ domain, version }));
}

function* allNodes({ nodes }: Graph): Generator<Node> {
  for (const node of nodes) {
    yield node;
    for (const v of Object.values(node.attrs)) if (isGraph(v)) yield* allNodes(v.graph);
  }
}

function encodeNode(node: Node): onnx.NodeProto.$Properties {
  if (node.domain === GRADIENT_DOMAIN) {
    throw new ToolkitError("E_NOT_LOWERED", `Cannot write the model: ${describeNode(node)} is a gradient operator`, {
      hint: "lower the graph for a target before it is encoded",
    });
  }
  return {
    op_type: node.op,
    input: node.inputs.map((v) => v?.name ?? ""),
    output: node.outputs.map((v) => v.name),
    attribute: Object.entries(node.attrs).map(([name, v]) => encodeAttribute(name, v, node)),
    ...(node.domain ? { domain: node.domain } : {}),
    ...(node.name ? { name: node.name } : {}),
  };
}

function encodeAttribute(name: string, v: Attribute, node: Node): onnx.AttributeProto.$Properties {
  if (typeof v === "number") return { name, type: types.INT, i: integer(v, name, node) };
  if (typeof v === "string") return { name, type: types.STRING, s: utf8.encode(v) };
  if (isTensor(v)) return { name, type: types.TENSOR, t: encodeTensor(v, "") };
  if (isFloat(v)) {
    if (typeof v.float === "number") return { name, type: types.FLOAT, f: v.float };
    return { name, type: types.FLOATS, floats: [...v.float] };
  }
  if (isGraph(v)) return { name, type: types.GRAPH, g: encodeGraph(v.graph) };
  if (isStrings(v)) return { name, type: types.STRINGS, strings: v.map((s) => utf8.encode(s)) };
  return { name, type: types.INTS, ints: v.map((n) => integer(n, name, node)) };
}

function isStrings(v: readonly number[] | readonly string[]): v is readonly string[] {
  return typeof v[0] === "string";
}

function integer(n: number, name: string, node: Node): number {
  if (Number.isSafeInteger(n)) return n;
  throw new ToolkitError("E_GRAPH", `Cannot write attribute "${name}" of ${describeNode(node)}: ${n} is no integer`, {
    hint: `write { float: ${n} } for ONNX's FLOAT`,
  });
}

function encodeTensor(t: TensorData, name: string): onnx.TensorProto.$Properties {
  if (t.data.length !== sizeOf(t.shape)) {
    throw new ToolkitError(
      "E_SHAPE",
      `Cannot write the tensor "${name}": ${t.data.length} elements do not fill ${formatShape(t.shape)}`,
    );
  }
  return { name, data_type: elementTypeNumber(t.dtype), dims: [...t.shape], raw_data: toBytes(t.data) };
}

function encodeValue(v: Value): onnx.ValueInfoProto.$Properties {
  // nothing is known of it: ONNX Runtime infers what is left out, and refuses what is wrong
  if (isUnknown(v)) return { name: v.name };
  const dim = v.shape.map((d) => (typeof d === "number" ? { dim_value: d } : { dim_param: d }));
  return { name: v.name, type: { tensor_type: { elem_type: elementTypeNumber(v.dtype), shape: { dim } } } };
}

function isUnknown({ shape }: TensorType): boolean {
  return shape.length === 1 && shape[0] === UNKNOWN_TYPE.shape[0];
}
