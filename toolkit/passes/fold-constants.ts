import type { Graph, Node } from "../graph/ir.ts";
import type { TensorData } from "../graph/tensor.ts";
import { evaluate } from "../operators/evaluate.ts";
import { prune } from "./prune.ts";

/** Computes what depends on constants alone, where `accept` lets it: such a node becomes a constant under its output's name. */
export function foldConstants(graph: Graph, accept: (node: Node) => boolean = () => true): Graph {
  const constants = new Map(graph.constants);
  const nodes = graph.nodes.filter((node) => {
    const result = accept(node) ? foldNode(node, constants) : undefined;
    const [output] = node.outputs;
    if (result && output) constants.set(output.name, result);
    return !result;
  });
  return prune({ ...graph, constants, nodes });
}

/** The value of a node of the standard domain whose inputs are all constants. */
function foldNode(node: Node, constants: ReadonlyMap<string, TensorData>): TensorData | undefined {
  if (node.domain || node.outputs.length !== 1 || node.inputs.length === 0) return undefined;
  const inputs = node.inputs.map((v) => v && constants.get(v.name));
  if (node.inputs.some((v, i) => v && !inputs[i])) return undefined;
  return evaluate(node.op, inputs, node.attrs);
}
