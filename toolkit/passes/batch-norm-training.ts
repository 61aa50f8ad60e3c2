import { GraphBuilder } from "../graph/builder.ts";
import { GRADIENT_DOMAIN } from "../graph/ir.ts";
import type { Graph } from "../graph/ir.ts";
import type { Operators } from "../graph/operator.ts";
import { operators as standardOperators } from "../operators/index.ts";
import { epsilonOf } from "./conv-batch-norm.ts";

/** The values of one BatchNormalization in training form, by name. */
export interface BatchStatistics {
  /** What is normalised, [N,C,...]. */
  readonly input: string;
  /** Mean of the batch, [C]. */
  readonly mean: string;
  /** Biased variance of the batch, [C]. */
  readonly variance: string;
  /** The running averages that inference uses: constants [C] of the graph. */
  readonly runningMean: string;
  readonly runningVariance: string;
}

/**
 * Writes every BatchNormalization in its training form, which normalises with the batch's own mean and variance and gives both out.
 * The running averages are read no more but stay among the constants: a training step turns them into state.
 */
export function batchNormTraining(
  graph: Graph,
  operators: Operators = standardOperators,
): {
  readonly graph: Graph;
  readonly statistics: readonly BatchStatistics[];
} {
  const statistics: BatchStatistics[] = [];
  const b = new GraphBuilder(operators, { ...graph, nodes: [] });
  for (const node of graph.nodes) {
    const [x, scale, bias, runningMean, runningVariance] = node.inputs;
    const [y] = node.outputs;
    if (node.op !== "BatchNormalization" || node.domain || !x || !y || !runningMean || !runningVariance) {
      b.copy(node);
      continue;
    }
    const names = { mean: `${y.name}:mean`, variance: `${y.name}:variance` };
    b.ops(
      "BatchNormalizationTraining",
      [x, scale, bias],
      { epsilon: { float: epsilonOf(node) } },
      {
        domain: GRADIENT_DOMAIN,
        ...(node.name === undefined ? {} : { name: node.name }),
        outputs: [y.name, names.mean, names.variance],
      },
    );
    statistics.push({ input: x.name, ...names, runningMean: runningMean.name, runningVariance: runningVariance.name });
  }
  const outputs = graph.outputs.map((v) => b.value(v.name) ?? v);
  return { graph: b.build(outputs), statistics };
}
