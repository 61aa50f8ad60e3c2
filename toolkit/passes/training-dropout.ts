import { GraphBuilder } from "../graph/builder.ts";
import { valuesByName } from "../graph/ir.ts";
import type { Graph, Value } from "../graph/ir.ts";
import type { Operators } from "../graph/operator.ts";
import { toNumbers } from "../graph/tensor.ts";
import { operators as standardOperators } from "../operators/index.ts";

/** An input that training feeds with a fresh mask at every step: 0 with probability `ratio`, else 1 / (1 - ratio). */
export interface DropoutMask {
  /** The mask, of the shape of what it multiplies. */
  readonly input: Value;
  readonly ratio: number;
}

/** ONNX's default ratio. */
const RATIO = 0.5;

/**
 * Writes each Dropout as a product with a mask that is a graph input (`dropout_mask_0`, `dropout_mask_1`, ..., but for names that the graph has), for the training graph.
 * Randomness stays outside of the graph, so that a step can be repeated (Srivastava et al. 2014, in the form that scales while training).
 */
export function trainingDropout(
  graph: Graph,
  operators: Operators = standardOperators,
): { readonly graph: Graph; readonly masks: readonly DropoutMask[] } {
  if (!graph.nodes.some((node) => node.op === "Dropout" && !node.domain)) return { graph, masks: [] };
  const masks: DropoutMask[] = [];
  const b = new GraphBuilder(operators, { ...graph, nodes: [] }, new Set(valuesByName(graph).keys()));
  for (const node of graph.nodes) {
    const [x, ratio] = node.inputs;
    const [y] = node.outputs;
    if (node.op !== "Dropout" || node.domain || !x || !y) {
      b.copy(node);
      continue;
    }
    const given = ratio && graph.constants.get(ratio.name);
    const share = given ? (toNumbers(given)[0] ?? RATIO) : RATIO;
    const input = b.input(b.fresh("dropout_mask"), x.dtype, x.shape);
    masks.push({ input, ratio: share });
    b.op("Mul", [x, input], {}, { outputs: [y.name] });
  }
  return { graph: b.build(graph.outputs), masks };
}
