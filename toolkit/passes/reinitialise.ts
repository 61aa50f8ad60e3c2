import type { Graph, Node } from "../graph/ir.ts";
import { fillNormal, fillUniform, hashText } from "../graph/random.ts";
import type { Operators } from "../graph/operator.ts";
import { isVector } from "../graph/shape.ts";
import { sizeOf, toNumbers } from "../graph/tensor.ts";
import type { TensorData } from "../graph/tensor.ts";
import { operators as standardOperators } from "../operators/index.ts";
import { weightRoles } from "./parameters.ts";
import type { WeightRole } from "./parameters.ts";

/** PyTorch's start for PReLU. */
const PRELU_SLOPE = 0.25;
const DEVIATION = 0.02;

/**
 * The same architecture with random weights: convolutions normal with variance 2 / fan-out (He et al. 2015, section 2.2), dense layers uniform within
 * 1 / sqrt(fan-in), norms the identity, biases 0, embeddings and tokens normal with deviation 0.02 (Dosovitskiy et al. 2021). What a weight is to an operator of the user's own is not known:
 * it is normal with the mean and deviation (0.02 at least) of the elements it had. The same seed and names give the same weights.
 */
export function reinitialise(graph: Graph, seed: number, operators: Operators = standardOperators): Graph {
  const constants = new Map(graph.constants);
  for (const node of graph.nodes) {
    for (const [name, t] of freshWeights(node, graph, seed)) constants.set(name, t);
  }
  for (const [name, role] of weightRoles(graph, operators)) {
    const t = constants.get(name);
    const data = t && t === graph.constants.get(name) ? freshElements(t, role, seed, hashText(name)) : undefined;
    if (t && data) constants.set(name, { ...t, data });
  }
  return { ...graph, constants };
}

function freshWeights(node: Node, graph: Graph, seed: number): readonly (readonly [string, TensorData])[] {
  const weight = (
    i: number,
    fill: (t: TensorData, stream: number) => Float32Array,
  ): readonly (readonly [string, TensorData])[] => {
    const name = node.inputs[i]?.name ?? "";
    const t = graph.constants.get(name);
    return t ? [[name, { ...t, data: fill(t, hashText(name)) }]] : [];
  };
  if (node.op === "Conv") {
    return [...weight(1, (t, stream) => kaimingNormal(t, seed, stream)), ...weight(2, filled(0))];
  }
  if (node.op === "Gemm") {
    return [1, 2].flatMap((i) => weight(i, (t, stream) => denseUniform(t, node, graph, seed, stream)));
  }
  if (node.op === "BatchNormalization") {
    return [...weight(1, filled(1)), ...weight(2, filled(0)), ...weight(3, filled(0)), ...weight(4, filled(1))];
  }
  return [];
}

/** Elements of a weight that no convolution, Gemm or BatchNormalization reads. */
function freshElements(t: TensorData, { op, input }: WeightRole, seed: number, stream: number): Float32Array {
  const size = sizeOf(t.shape);
  if (op === "MatMul" || op === "Einsum" || op === "ConvTranspose") {
    const bound = 1 / Math.sqrt(t.shape.at(-2) ?? 1);
    return fillUniform(size, seed, stream, -bound, bound);
  }
  if (op === "PRelu") return new Float32Array(size).fill(PRELU_SLOPE);
  if (op === "Gather" || op === "Concat" || (op === "Add" && !isVector(t.shape))) {
    return fillNormal(size, seed, stream, 0, DEVIATION);
  }
  const isNorm = op === "InstanceNormalization" || op === "LayerNormalization";
  const scales = op === "Mul" || (isNorm && input === 1);
  // 1 and 0 throughout are an InstanceNormalization without weights, see parametersOf
  if (op === "InstanceNormalization") return fillNormal(size, seed, stream, scales ? 1 : 0, DEVIATION);
  if (scales || op === "Add" || op === "LayerNormalization") return new Float32Array(size).fill(scales ? 1 : 0);
  return alike(t, seed, stream);
}

/** Normal with the mean and deviation of the elements of `t`. */
function alike(t: TensorData, seed: number, stream: number): Float32Array {
  const elements = toNumbers(t);
  const size = Math.max(1, elements.length);
  const mean = elements.reduce((sum, v) => sum + v, 0) / size;
  const variance = elements.reduce((sum, v) => sum + (v - mean) ** 2, 0) / size;
  return fillNormal(elements.length, seed, stream, mean, Math.max(DEVIATION, Math.sqrt(variance)));
}

function filled(value: number): (t: TensorData) => Float32Array {
  return (t) => new Float32Array(sizeOf(t.shape)).fill(value);
}

/** A filter [O,I/groups,kh,kw]. */
function kaimingNormal({ shape }: TensorData, seed: number, stream: number): Float32Array {
  const fanOut = (shape[0] ?? 1) * sizeOf(shape.slice(2));
  return fillNormal(sizeOf(shape), seed, stream, 0, Math.sqrt(2 / fanOut));
}

function denseUniform(t: TensorData, node: Node, graph: Graph, seed: number, stream: number): Float32Array {
  const weight = graph.constants.get(node.inputs[1]?.name ?? "") ?? t;
  const fanIn = weight.shape[node.attrs["transB"] === 1 ? 1 : 0] ?? 1;
  return fillUniform(sizeOf(t.shape), seed, stream, -1 / Math.sqrt(fanIn), 1 / Math.sqrt(fanIn));
}
