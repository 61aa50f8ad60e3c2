import { readAttributes } from "../../graph/attributes.ts";
import { consumers } from "../../graph/ir.ts";
import type { Graph, Node } from "../../graph/ir.ts";
import { sizeOf } from "../../graph/tensor.ts";

/** A layer whose weights become int8. */
export interface Anchor {
  readonly node: Node;
  readonly weight: string;
  /** The weight's axis of output channels, each of which gets a scale of its own. */
  readonly axis: number;
}

/** Which values of a graph are carried in 8 bits. */
export interface Plan {
  /** Layers with int8 weights, by the name of their output. */
  readonly anchors: ReadonlyMap<string, Anchor>;
  /** Values in 8 bits, and the value whose range each has: its own, or that of the one it is taken from unchanged. */
  readonly values: ReadonlyMap<string, string>;
}

/** Operators that ONNX Runtime's CPU computes in 8 bits where all they read and write is. */
const COMPUTED = new Set([
  "Add",
  "Mul",
  "Concat",
  "AveragePool",
  "GlobalAveragePool",
  "LeakyRelu",
  "Sigmoid",
  "Relu",
  "Clip",
]);

/** Operators that hand elements on unchanged. */
const MOVED = new Set(["MaxPool", "Flatten", "Reshape", "Squeeze", "Unsqueeze", "Transpose", "Slice", "Split"]);

/** Operators that rounding to 8 bits does by itself, because the range ends where they cut off. */
const CUT_OFF = new Set(["Relu", "Clip"]);

/**
 * Which values of a normalised graph become 8 bits: what convolutions read and write, what dense layers read, and what is computed between them by
 * operators that have such a form. Logits stay float32, and so does whatever else only dense layers write.
 */
export function planInt8(graph: Graph): Plan {
  const anchors = new Map(anchorsOf(graph).map((anchor) => [anchor.node.outputs[0]?.name ?? "", anchor]));
  const written = writtenBy(graph);
  const values = new Map<string, string>();
  for (const { node } of anchors.values()) {
    const [x] = node.inputs;
    if (x) values.set(x.name, x.name);
    if (node.op === "Conv") values.set(written(node), written(node));
  }
  for (const node of graph.nodes) {
    const read = node.inputs.filter((v) => v && !graph.constants.has(v.name));
    const [first] = read;
    if (!first || !read.every((v) => v && values.has(v.name))) continue;
    // MaxPool's second output counts positions, which it does not in 8 bits
    if (MOVED.has(node.op) && (node.outputs.length === 1 || node.op === "Split")) {
      for (const y of node.outputs) values.set(y.name, values.get(first.name) ?? first.name);
    } else if (COMPUTED.has(node.op) && allRead(node, read.length)) values.set(written(node), written(node));
  }
  return { anchors, values };
}

/** Whether an operator of several operands reads no constant among them. */
function allRead(node: Node, read: number): boolean {
  return CUT_OFF.has(node.op) || node.inputs.length === read;
}

/** The value that a node's output is written as: behind the Relu or Clip that alone reads it. */
function writtenBy(graph: Graph): (node: Node) => string {
  const readers = consumers(graph);
  const outputs = new Set(graph.outputs.map((v) => v.name));
  return (node) => {
    const y = node.outputs[0]?.name ?? "";
    const [next, ...others] = readers.get(y) ?? [];
    const alone = next && others.length === 0 && !outputs.has(y) && CUT_OFF.has(next.op) && next.inputs[0]?.name === y;
    return alone ? (next.outputs[0]?.name ?? "") : y;
  };
}

function anchorsOf(graph: Graph): readonly Anchor[] {
  const axes = new Map<string, number>();
  return graph.nodes.flatMap((node) => {
    const weight = node.inputs[1]?.name ?? "";
    const axis = channelAxis(graph, node);
    // a weight that two layers read across different axes has no one set of scales
    if (axis === undefined || (axes.get(weight) ?? axis) !== axis) return [];
    axes.set(weight, axis);
    return [{ node, weight, axis }];
  });
}

/** The axis of a layer's weight that counts its outputs; undefined where the node is no layer that int8 serves. */
function channelAxis(graph: Graph, node: Node): number | undefined {
  const weight = graph.constants.get(node.inputs[1]?.name ?? "");
  const constantBias = !node.inputs[2] || graph.constants.has(node.inputs[2].name);
  if (weight?.dtype !== "float32" || !constantBias || graph.constants.has(node.inputs[0]?.name ?? "")) return undefined;
  const attrs = readAttributes(node.attrs, node.op);
  if (node.op === "Conv") return weight.shape.length === 4 ? 0 : undefined;
  if (node.op === "MatMul") return weight.shape.length === 2 ? 1 : undefined;
  if (node.op !== "Gemm" || attrs.int("transA", 0) || attrs.float("alpha", 1) !== 1 || attrs.float("beta", 1) !== 1)
    return undefined;
  const axis = attrs.int("transB", 0) ? 0 : 1;
  const bias = graph.constants.get(node.inputs[2]?.name ?? "");
  return bias && sizeOf(bias.shape) !== weight.shape[axis] ? undefined : axis;
}
