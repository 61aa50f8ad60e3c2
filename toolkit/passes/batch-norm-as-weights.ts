import { GraphBuilder } from "../graph/builder.ts";
import type { Graph, Node } from "../graph/ir.ts";
import type { Operators } from "../graph/operator.ts";
import { float32 } from "../graph/tensor.ts";
import { operators as standardOperators } from "../operators/index.ts";
import { channelsOf, convBatchNorms } from "./conv-batch-norm.ts";
import type { ConvBatchNorm } from "./conv-batch-norm.ts";
import { prune } from "./prune.ts";

/**
 * Writes BatchNormalization with frozen statistics behind a convolution as Conv(x, W s, (b - mean) s + beta), s = gamma / sqrt(variance + epsilon).
 * s is computed in the graph, so that W, gamma and beta stay parameters under their names; training then costs what a folded network does.
 */
export function batchNormAsWeights(graph: Graph, operators: Operators = standardOperators): Graph {
  const pairs = convBatchNorms(graph);
  const b = new GraphBuilder(operators, { ...graph, nodes: [] });
  const folded = new Set<Node>([...pairs.values()].map((pair) => pair.conv));
  for (const node of graph.nodes) {
    const pair = pairs.get(node.outputs[0]?.name ?? "");
    if (pair) writeConv(b, graph, pair);
    else if (!folded.has(node)) b.copy(node);
  }
  return prune(b.build(graph.outputs));
}

function writeConv(
  b: GraphBuilder,
  graph: Graph,
  { conv, norm, x, weight, bias, output, epsilon }: ConvBatchNorm,
): void {
  const [, gamma, beta, mean] = norm.inputs;
  const variance = channelsOf(graph, norm, 4) ?? [];
  const inverse = b.constant(
    float32(
      [variance.length],
      Array.from(variance, (v) => 1 / Math.sqrt(v + epsilon)),
    ),
  );
  const factor = b.op("Mul", [gamma, inverse]);
  const perFilter = b.op("Unsqueeze", [factor, b.ints(weight.shape.slice(1).map((_, i) => i + 1))]);
  const scaled = b.op("Mul", [weight, perFilter]);
  const shift = bias
    ? b.op("Add", [beta, b.op("Mul", [b.op("Sub", [bias, mean]), factor])])
    : b.op("Sub", [beta, b.op("Mul", [mean, factor])]);
  b.op("Conv", [x, scaled, shift], conv.attrs, {
    ...(conv.name === undefined ? {} : { name: conv.name }),
    outputs: [output.name],
  });
}
