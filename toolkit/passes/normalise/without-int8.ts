import { isTensor, readAttributes } from "../../graph/attributes.ts";
import { constantValue } from "../../graph/ir.ts";
import type { Graph, Model, Node, Value } from "../../graph/ir.ts";
import { float32, sizeOf, toNumbers } from "../../graph/tensor.ts";
import type { DType, TensorData } from "../../graph/tensor.ts";

/** What the integers of QuantizeLinear reach to. */
const LIMITS: Readonly<Partial<Record<DType, readonly [number, number]>>> = {
  int8: [-128, 127],
  uint8: [0, 255],
  int16: [-32768, 32767],
  uint16: [0, 65535],
};

/** The first opset whose Clip takes its ends as inputs, which is how they are written here. */
const CLIP_INPUTS = 11;

/**
 * A model written in 8 bits by QuantizeLinear and DequantizeLinear as the float32 network it stands for: weights are multiplied out under the name they
 * are read by, and a value that went through 8 bits is cut off where those end, which is where many files have their ReLU (an output of the graph is not). Integers that are used in
 * another way stay as they are.
 */
export function withoutInt8(model: Model): Model {
  const { graph } = model;
  const tensors = tensorsOf(graph);
  const rounded = new Map(
    graph.nodes.filter((n) => isStandard(n, "QuantizeLinear")).map((n) => [n.outputs[0]?.name ?? "", n] as const),
  );
  if (!graph.nodes.some((n) => isStandard(n, "DequantizeLinear"))) return model;
  const constants = new Map(graph.constants);
  const outputs = new Set(graph.outputs.map((v) => v.name));
  const nodes = graph.nodes.flatMap((node) => {
    const [y] = node.outputs;
    if (!y || !isStandard(node, "DequantizeLinear")) return [node];
    const t = multipliedOut(node, tensors);
    if (t) {
      constants.set(y.name, t);
      return [];
    }
    const from = rounded.get(node.inputs[0]?.name ?? "");
    const ends = from && (model.opsets.get("") ?? 0) >= CLIP_INPUTS ? endsOf(from, tensors) : undefined;
    if (!ends) return [node];
    const [x] = from?.inputs ?? [];
    // nothing is gained by cutting logits off
    return [
      outputs.has(y.name) ? { op: "Identity", inputs: [x], outputs: [y], attrs: {} } : cutOff(constants, x, y, ends),
    ];
  });
  const read = new Set([...nodes.flatMap((n) => n.inputs), ...graph.outputs].map((v) => v?.name));
  const needed = nodes.filter((n) => !isStandard(n, "QuantizeLinear") || read.has(n.outputs[0]?.name));
  return { ...model, graph: { ...graph, constants, nodes: needed } };
}

function isStandard(node: Node, op: string): boolean {
  return node.op === op && !node.domain;
}

/** Initializers, and what Constant nodes hold. */
function tensorsOf(graph: Graph): ReadonlyMap<string, TensorData> {
  const held = graph.nodes.flatMap((node) => {
    const value = isStandard(node, "Constant") ? node.attrs["value"] : undefined;
    return value !== undefined && isTensor(value) ? [[node.outputs[0]?.name ?? "", value] as const] : [];
  });
  return new Map([...graph.constants, ...held]);
}

/** What DequantizeLinear makes of a constant; undefined of anything else. */
function multipliedOut(node: Node, tensors: ReadonlyMap<string, TensorData>): TensorData | undefined {
  const [q, scales, zeros] = node.inputs.map((v) => tensors.get(v?.name ?? ""));
  const attrs = readAttributes(node.attrs, "DequantizeLinear");
  if (!q || !scales || (node.inputs[2] && !zeros) || attrs.int("block_size", 0) !== 0) return undefined;
  const given = attrs.int("axis", 1);
  const axis = given < 0 ? given + q.shape.length : given;
  const inner = scales.data.length === 1 ? 1 : sizeOf(q.shape.slice(axis + 1));
  const [scale, zero] = [toNumbers(scales), zeros ? toNumbers(zeros) : []];
  const data = Float32Array.from(toNumbers(q), (v, i) => {
    const channel = Math.floor(i / inner) % scale.length;
    return (v - (zero[channel] ?? 0)) * (scale[channel] ?? 1);
  });
  return { dtype: "float32", shape: q.shape, data };
}

/** The least and the largest number that QuantizeLinear can write; undefined where it has several scales. */
function endsOf(node: Node, tensors: ReadonlyMap<string, TensorData>): readonly [number, number] | undefined {
  const scales = tensors.get(node.inputs[1]?.name ?? "");
  const zeros = tensors.get(node.inputs[2]?.name ?? "");
  const limits = LIMITS[zeros?.dtype ?? "uint8"];
  const [scale] = scales?.data.length === 1 ? toNumbers(scales) : [];
  if (scale === undefined || !limits || (node.inputs[2] && !zeros)) return undefined;
  const [zero = 0] = zeros ? toNumbers(zeros) : [];
  return [(limits[0] - zero) * scale, (limits[1] - zero) * scale];
}

function cutOff(
  constants: Map<string, TensorData>,
  x: Value | undefined,
  y: Value,
  ends: readonly [number, number],
): Node {
  const [low, high] = ends.map((end, i) => {
    const name = `${y.name}:${i === 0 ? "low" : "high"}`;
    const t = float32([], [end]);
    constants.set(name, t);
    return constantValue(name, t);
  });
  return { op: "Clip", inputs: [x, low, high], outputs: [y], attrs: {} };
}
