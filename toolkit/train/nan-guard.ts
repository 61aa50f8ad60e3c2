import { GraphBuilder } from "../graph/builder.ts";
import type { Graph, Value } from "../graph/ir.ts";
import type { Operators } from "../graph/operator.ts";
import { allFinite } from "./loss-scale.ts";
import { STEP } from "./step.ts";
import type { Step } from "./step.ts";

/** The output that says whether a step was made: 1, or 0 where it would have left something that is no finite number. */
export const FINITE = "step/finite";

/**
 * A step that changes nothing of the state where its loss, or anything the state would become, is not finite: infinite and undefined gradients are seen by
 * what they make of the weights. `finite` names a further output that says so.
 */
export function guardStep(step: Step, operators: Operators): Step {
  const b = new GraphBuilder(operators, step.graph);
  const next = [...step.state].map(([name, output]) => [inputNamed(step.graph, name), valueNamed(b, output)] as const);
  const loss = valueNamed(b, STEP.loss);
  const isFinite = allFinite(b, [loss, ...next.map(([, after]) => after)]);
  const kept = next.map(([before, after]) =>
    b.op("Where", [isFinite, after, before], {}, { outputs: [`${before.name}:kept`] }),
  );
  const told = step.graph.outputs.filter((v) => !new Set(step.state.values()).has(v.name));
  const flag = b.op("Where", [isFinite, b.scalar(1), b.scalar(0)], {}, { outputs: [FINITE] });
  return {
    ...step,
    graph: b.build([...told, flag, ...kept]),
    state: new Map(next.map(([before], i) => [before.name, kept[i]?.name ?? ""])),
    finite: FINITE,
  };
}

function inputNamed(graph: Graph, name: string): Value {
  const value = graph.inputs.find((v) => v.name === name);
  if (!value) throw new RangeError(`no input "${name}"`);
  return value;
}

function valueNamed(b: GraphBuilder, name: string): Value {
  const value = b.value(name);
  if (!value) throw new RangeError(`no value "${name}"`);
  return value;
}
