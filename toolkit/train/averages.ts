import { ToolkitError } from "../errors.ts";
import type { Graph } from "../graph/ir.ts";
import type { Tensors } from "../runtime/runtime.ts";

/**
 * `graph`, whose inputs include the parameters and running statistics, with their averages read in their place: what evaluates the averaged weights on the state
 * that a step holds. Every other input keeps its name. `averages` is a step's: parameter -> state.
 */
export function readAverages(graph: Graph, averages: ReadonlyMap<string, string>): Graph {
  const renamed = <T extends { readonly name: string }>(v: T): T => ({ ...v, name: averages.get(v.name) ?? v.name });
  return {
    ...graph,
    inputs: graph.inputs.map(renamed),
    nodes: graph.nodes.map((node) => ({ ...node, inputs: node.inputs.map((v) => v && renamed(v)) })),
  };
}

/**
 * Averaged weights and running statistics under their own names, for an export; tensors that are no averages and have none stay as they are, the plain
 * parameters are left out.
 * @throws E_NO_VALUE where the average of a parameter is missing
 */
export function averagesAsWeights(state: Tensors, averages: ReadonlyMap<string, string>): Tensors {
  const stored = new Set(averages.values());
  const weights = new Map([...state].filter(([name]) => !stored.has(name)));
  for (const [parameter, name] of averages) {
    const average = state.get(name);
    if (!average)
      throw new ToolkitError("E_NO_VALUE", `Cannot take the average of "${parameter}": no tensor "${name}"`);
    weights.set(parameter, average);
  }
  return weights;
}
