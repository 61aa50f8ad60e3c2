import { GraphBuilder } from "../graph/builder.ts";
import { ToolkitError } from "../errors.ts";
import type { Dim, Graph, Value } from "../graph/ir.ts";
import type { Operators } from "../graph/operator.ts";
import { operators as standardOperators } from "../operators/index.ts";

/**
 * Infers the type of every value anew, with other shapes for the graph inputs named in `shapes`; node for node the same graph otherwise.
 * @throws E_SHAPE where a node does not fit such inputs, with the node's name
 */
export function inferTypes(
  graph: Graph,
  shapes: ReadonlyMap<string, readonly Dim[]> = new Map(),
  operators: Operators = standardOperators,
): Graph {
  const b = new GraphBuilder(operators);
  for (const v of graph.inputs) b.input(v.name, v.dtype, shapes.get(v.name) ?? v.shape);
  for (const [name, t] of graph.constants) b.constant(t, name);
  const now = (v: Value): Value => {
    const value = b.value(v.name);
    if (!value) throw new ToolkitError("E_GRAPH", `Cannot infer types: nothing makes "${v.name}" before it is read`);
    return value;
  };
  for (const node of graph.nodes)
    b.copy(
      node,
      node.inputs.map((v) => v && now(v)),
    );
  return b.build(graph.outputs.map(now));
}
