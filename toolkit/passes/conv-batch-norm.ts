import { consumers, producers } from "../graph/ir.ts";
import type { Graph, Node, Value } from "../graph/ir.ts";
import type { TensorData } from "../graph/tensor.ts";

/** A convolution, and the BatchNormalization that alone reads it. */
export interface ConvBatchNorm {
  readonly conv: Node;
  readonly norm: Node;
  readonly x: Value;
  readonly weight: Value;
  readonly bias: Value | undefined;
  readonly output: Value;
  readonly epsilon: number;
}

/** ONNX's default epsilon of BatchNormalization. */
const EPSILON = 1e-5;

/** The pairs of a graph, by the name of the BatchNormalization's output. Running mean and variance are constants in all of them. */
export function convBatchNorms(graph: Graph): ReadonlyMap<string, ConvBatchNorm> {
  const makers = producers(graph);
  const readers = consumers(graph);
  const outputs = new Set(graph.outputs.map((v) => v.name));
  const pairs = new Map<string, ConvBatchNorm>();
  for (const norm of graph.nodes) {
    if (norm.op !== "BatchNormalization" || norm.domain) continue;
    const [between, , , mean, variance] = norm.inputs;
    const conv = between && makers.get(between.name);
    if (
      conv?.op !== "Conv" ||
      conv.domain ||
      readers.get(between?.name ?? "")?.length !== 1 ||
      outputs.has(between?.name ?? "")
    )
      continue;
    const [x, weight, bias] = conv.inputs;
    const [output] = norm.outputs;
    if (!x || !weight || !output || !isConstant(graph, mean) || !isConstant(graph, variance)) continue;
    pairs.set(output.name, { conv, norm, x, weight, bias, output, epsilon: epsilonOf(norm) });
  }
  return pairs;
}

/** The epsilon of a BatchNormalization. */
export function epsilonOf(norm: Node): number {
  const epsilon = norm.attrs["epsilon"];
  return typeof epsilon === "object" && "float" in epsilon && typeof epsilon.float === "number"
    ? epsilon.float
    : EPSILON;
}

/** The elements of input `i`, where it is a float32 constant. */
export function channelsOf(graph: Graph, node: Node, i: number): Float32Array | undefined {
  const data = graph.constants.get(node.inputs[i]?.name ?? "")?.data;
  return data instanceof Float32Array ? data : undefined;
}

/** A filter [O,...] with each output channel multiplied by its factor. */
export function scaleFilters(weight: TensorData, factors: ArrayLike<number>): TensorData {
  const data = new Float32Array(weight.data as Float32Array);
  const perChannel = data.length / (weight.shape[0] ?? 1);
  // a plain loop: Float32Array.from with a function takes forty times as long, seconds for a ResNet18
  for (let i = 0; i < data.length; i++) data[i]! *= factors[Math.floor(i / perChannel)] ?? 1;
  return { dtype: "float32", shape: weight.shape, data };
}

/** The layer's name from its weight's: "layer1.0.conv1" from "layer1.0.conv1.weight". */
export function layerName(weight: string): string {
  return weight.replace(/[._]weight$/, "");
}

function isConstant(graph: Graph, v: Value | undefined): boolean {
  return v !== undefined && graph.constants.has(v.name);
}
