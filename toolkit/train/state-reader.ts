import { GraphBuilder } from "../graph/builder.ts";
import type { Graph, Value } from "../graph/ir.ts";
import type { Operators } from "../graph/operator.ts";
import { readName } from "../runtime/runtime.ts";

/** A graph that gives back the state it takes, under other names: how state that stays on a device is read. */
export function stateReader(state: readonly Value[], operators: Operators): Graph {
  const b = new GraphBuilder(operators);
  const inputs = state.map((v) => b.input(v.name, v.dtype, v.shape));
  return b.build(inputs.map((v) => b.op("Identity", [v], {}, { outputs: [readName(v.name)] })));
}
