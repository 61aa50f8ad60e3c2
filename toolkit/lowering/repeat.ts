import { isGraph } from "../graph/attributes.ts";
import type { Attributes, Graph, Node, Value } from "../graph/ir.ts";

/** The input that says how many steps a run makes: an int64 scalar. */
export const STEPS = "step/steps";

/** The symbolic extent of what is given, and given back, for each step. */
const STEPS_DIM = "steps";

/** Values inside a loop have names of their own. */
const INSIDE = "inside/";

/**
 * A lowered graph that makes several steps of `step` in one run, as ONNX's Loop: handing the state to the runtime and back, which is a copy of all of it, is done once for all
 * of them. The state has its inputs and outputs as before; every other input and output has a first axis more, an entry for each step, and `STEPS` says
 * how many there are. `state` is state input -> the output that replaces it.
 */
export function repeat(step: Graph, state: ReadonlyMap<string, string>): Graph {
  const replacing = new Set(state.values());
  const carried = step.inputs.filter((v) => state.has(v.name));
  const given = step.inputs.filter((v) => !state.has(v.name));
  const told = step.outputs.filter((v) => !replacing.has(v.name));
  const next = carried.map((v) => step.outputs.find((o) => o.name === state.get(v.name)) as Value);

  const index: Value = { name: `${INSIDE}index`, dtype: "int64", shape: [] };
  const going: Value = { name: `${INSIDE}going`, dtype: "bool", shape: [] };
  const goingOn: Value = { ...going, name: `${INSIDE}going-on` };
  const body: Graph = {
    inputs: [index, going, ...carried.map(inside)],
    outputs: [goingOn, ...next.map(inside), ...told.map(inside)],
    constants: insideConstants(step),
    nodes: [
      { op: "Identity", inputs: [going], outputs: [goingOn], attrs: {} },
      ...given.map((v): Node => ({
        op: "Gather",
        inputs: [stacked(v), index],
        outputs: [inside(v)],
        attrs: { axis: 0 },
      })),
      ...step.nodes.map(insideNode),
    ],
  };

  const steps: Value = { name: STEPS, dtype: "int64", shape: [] };
  const always: Value = { ...going, name: "step/always" };
  const outputs = [...next, ...told.map(stacked)];
  return {
    inputs: [steps, ...given.map(stacked), ...carried],
    outputs,
    constants: new Map([[always.name, { dtype: "bool", shape: [], data: Uint8Array.of(1) }]]),
    nodes: [{ op: "Loop", inputs: [steps, always, ...carried], outputs, attrs: { body: { graph: body } } }],
  };
}

/** The value of all steps, one after the other. */
function stacked(v: Value): Value {
  return { ...v, shape: [STEPS_DIM, ...v.shape] };
}

function inside(v: Value): Value {
  return { ...v, name: INSIDE + v.name };
}

function insideConstants({ constants }: Graph): Graph["constants"] {
  return new Map([...constants].map(([name, t]) => [INSIDE + name, t]));
}

/** The branches of an If read values of the step by their names, too. */
function insideNode(node: Node): Node {
  const attrs = Object.entries(node.attrs).map(([name, v]) => [name, isGraph(v) ? { graph: insideGraph(v.graph) } : v]);
  return {
    ...node,
    inputs: node.inputs.map((v) => v && inside(v)),
    outputs: node.outputs.map(inside),
    attrs: Object.fromEntries(attrs) as Attributes,
  };
}

function insideGraph(graph: Graph): Graph {
  return {
    inputs: graph.inputs.map(inside),
    outputs: graph.outputs.map(inside),
    constants: insideConstants(graph),
    nodes: graph.nodes.map(insideNode),
  };
}
