import { differentiate } from "../autodiff/differentiate.ts";
import type { Differentiated } from "../autodiff/differentiate.ts";
import { GraphBuilder } from "../graph/builder.ts";
import type { Graph, Value } from "../graph/ir.ts";
import { valueNamed } from "../graph/ir.ts";
import type { Operators } from "../graph/operator.ts";
import { globalNorm } from "../optimizers/global-norm.ts";

/** Names of the second forward pass begin with this. */
const PREFIX = "step/sharpness/";
/** What the gradient's norm is held above. */
const LEAST_NORM = 1e-12;

/**
 * The gradients of `loss` not at the parameters w but at w + rho * g / |g|, where it is about as large as it gets within a distance of rho
 * (Foret et al. 2021, sharpness-aware minimisation, algorithm 1): a second forward and backward pass in the same graph.
 * What does not depend on the parameters is computed once; the values of `graph`, running statistics among them, stay those of the first pass.
 * @throws E_NO_GRADIENT
 */
export function sharpnessAware(
  graph: Graph,
  loss: Value,
  parameters: readonly string[],
  rho: number,
  operators: Operators,
): Differentiated {
  const first = differentiate(graph, loss, parameters, operators);
  const b = new GraphBuilder(operators, first.graph);
  const gradients = parameters.map((name) => first.gradients.get(name) as Value);
  const norm = b.op("Max", [globalNorm(b, gradients), b.scalar(LEAST_NORM)]);
  const scale = b.op("Div", [b.scalar(rho), norm]);
  const moved = new Map<string, Value>();
  for (const [i, name] of parameters.entries()) {
    const step = b.op("Mul", [gradients[i], scale]);
    moved.set(name, b.op("Add", [valueNamed(graph, name), step], {}, { outputs: [`${PREFIX}${name}`] }));
  }
  const again = [...moved.values()].map((v) => v.name);
  copyDependents(b, graph, moved);
  const second = differentiate(b.build(graph.outputs), moved.get(loss.name) ?? loss, again, operators);
  const at = (name: string): Value => second.gradients.get(`${PREFIX}${name}`) as Value;
  return { graph: second.graph, gradients: new Map(parameters.map((name) => [name, at(name)])) };
}

/** Writes every node of `graph` that reads a moved value once more, under new names, which are added to `moved`. */
function copyDependents(b: GraphBuilder, graph: Graph, moved: Map<string, Value>): void {
  for (const node of graph.nodes) {
    if (!node.inputs.some((v) => v && moved.has(v.name))) continue;
    const inputs = node.inputs.map((v) => v && (moved.get(v.name) ?? v));
    const outputs = b.ops(node.op, inputs, node.attrs, {
      ...(node.domain === undefined ? {} : { domain: node.domain }),
      outputs: node.outputs.map((v) => `${PREFIX}${v.name}`),
    });
    for (const [i, v] of node.outputs.entries()) moved.set(v.name, outputs[i] as Value);
  }
}
