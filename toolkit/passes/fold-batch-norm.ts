import { valuesByName } from "../graph/ir.ts";
import type { Graph, Node } from "../graph/ir.ts";
import { constantValue } from "../graph/ir.ts";
import type { TensorData } from "../graph/tensor.ts";
import { channelsOf, convBatchNorms, layerName, scaleFilters } from "./conv-batch-norm.ts";
import type { ConvBatchNorm } from "./conv-batch-norm.ts";
import { prune } from "./prune.ts";

/**
 * Writes BatchNormalization behind a convolution into its weights: W s and (b - mean) s + beta with s = gamma / sqrt(variance + epsilon), computed
 * in double precision. The same function at inference, and faster. The weight keeps its name unless several convolutions share it.
 */
export function foldBatchNorm(graph: Graph): Graph {
  const pairs = convBatchNorms(graph);
  const constants = new Map(graph.constants);
  const names = new Set(valuesByName(graph).keys());
  const folded = new Set<Node>();
  const nodes = graph.nodes.map((node) => {
    const pair = pairs.get(node.outputs[0]?.name ?? "");
    const parts = pair && foldedParts(graph, pair);
    if (!pair || !parts) return node;
    folded.add(pair.conv);
    const alone = graph.nodes.filter((n) => n.inputs.some((v) => v?.name === pair.weight.name)).length === 1;
    const weightName = alone ? pair.weight.name : unusedName(pair.weight.name, names);
    names.add(weightName);
    const biasName = unusedName(`${layerName(weightName)}.bias`, names);
    names.add(biasName);
    constants.set(weightName, parts.weight).set(biasName, parts.bias);
    const weight = constantValue(weightName, parts.weight);
    const bias = constantValue(biasName, parts.bias);
    return { ...pair.conv, inputs: [pair.x, weight, bias], outputs: [pair.output] };
  });
  return prune({ ...graph, constants, nodes: nodes.filter((node) => !folded.has(node)) });
}

function foldedParts(
  graph: Graph,
  { conv, norm, bias, epsilon }: ConvBatchNorm,
): { weight: TensorData; bias: TensorData } | undefined {
  const weight = graph.constants.get(conv.inputs[1]?.name ?? "");
  const [gamma, beta, mean, variance] = [1, 2, 3, 4].map((i) => channelsOf(graph, norm, i));
  const before = bias && channelsOf(graph, conv, 2);
  if (!weight || !gamma || !beta || !mean || !variance || (bias && !before)) return undefined;
  const factors = Float64Array.from(gamma, (g, i) => g / Math.sqrt((variance[i] ?? 0) + epsilon));
  const data = Float32Array.from(beta, (b, i) => ((before?.[i] ?? 0) - (mean[i] ?? 0)) * (factors[i] ?? 1) + b);
  return { weight: scaleFilters(weight, factors), bias: { dtype: "float32", shape: [data.length], data } };
}

/** `wanted`, or with a number behind it where the graph has that name. */
function unusedName(wanted: string, names: ReadonlySet<string>): string {
  let name = wanted;
  for (let i = 1; names.has(name); i++) name = `${wanted}_${i}`;
  return name;
}
