import { GraphBuilder } from "../graph/builder.ts";
import type { Graph, Node, Value } from "../graph/ir.ts";
import { valueNamed } from "../graph/ir.ts";
import type { Operators } from "../graph/operator.ts";
import { float32, int64 } from "../graph/tensor.ts";
import type { Step } from "./step.ts";

/** Names of a measured step's further input, a bool, and output, [1 + 3 P]. */
export const MEASURE = { wanted: "step/measure", norms: "step/norms" } as const;

/** What one step did to a parameter, as Euclidean norms. */
export interface ParameterNorms {
  readonly parameter: string;
  /** Of the gradient of the loss, before an optimizer has made anything of it. */
  readonly gradient: number;
  /** Of the parameter before the step. */
  readonly weight: number;
  /** Of what the step added to it: 0 where gradients are only collected. */
  readonly update: number;
}

/** A step that keeps its gradients, so that `writeNorms` can take their norms. Nothing of what it computes changes. */
export function measureStep(step: Step, operators: Operators): Step {
  const b = new GraphBuilder(operators, step.graph);
  const gradients = step.parameters.map((parameter) => {
    const gradient = b.value(step.gradients.get(parameter) ?? "");
    return b.op("Identity", [gradient], {}, { outputs: [`step/gradient/${parameter}`] });
  });
  return {
    ...step,
    graph: b.build([...step.graph.outputs, ...gradients]),
    measured: new Map(step.parameters.map((parameter, i) => [parameter, gradients[i]?.name ?? ""])),
  };
}

/**
 * The lowered graph of a measured step with an input `MEASURE.wanted` [] more, and an output `MEASURE.norms` in place of the gradients: where the input is true, 1
 * and the sums of squares of the gradients, the parameters and what is added to them; else zeros, which cost nothing.
 */
export function writeNorms(lowered: Graph, { parameters, measured, state }: Step): Graph {
  if (!measured) return lowered;
  const gradients = new Set(measured.values());
  const named = (name: string | undefined): Value => valueNamed(lowered, name ?? "");
  const squares = [
    ...parameters.map((p) => squareOf("gradient", p, named(measured.get(p)))),
    ...parameters.map((p) => squareOf("weight", p, named(p))),
    ...parameters.map((p) => squareOf("update", p, named(state.get(p)), named(p))),
  ];
  const shape = [squares.length + 1];
  const wanted: Value = { name: MEASURE.wanted, dtype: "bool", shape: [] };
  const norms: Value = { name: MEASURE.norms, dtype: "float32", shape };
  const [one, axis] = [float("one", [1]), { ...float("axis", [1]), dtype: "int64" as const }];
  const all = float("all", shape);
  const taken: Graph = {
    inputs: [],
    outputs: [all],
    constants: new Map([
      [one.name, float32([1], [1])],
      [axis.name, int64([0])],
    ]),
    nodes: [
      ...squares.flatMap(({ nodes, sum }) => [...nodes, operation("Unsqueeze", [sum, axis], asRow(sum))]),
      operation("Concat", [one, ...squares.map(({ sum }) => asRow(sum))], all, { axis: 0 }),
    ],
  };
  const [zeros, none] = [float("zeros", shape), float("none", shape)];
  const left: Graph = {
    inputs: [],
    outputs: [none],
    constants: new Map([[zeros.name, float32(shape, new Float32Array(squares.length + 1))]]),
    nodes: [operation("Identity", [zeros], none)],
  };
  const branches = { then_branch: { graph: taken }, else_branch: { graph: left } };
  return {
    ...lowered,
    inputs: [...lowered.inputs, wanted],
    outputs: [...lowered.outputs.filter(({ name }) => !gradients.has(name)), norms],
    nodes: [...lowered.nodes, { op: "If", inputs: [wanted], outputs: [norms], attrs: branches }],
  };
}

/** One step's row of `MEASURE.norms`; nothing where it was not wanted. */
export function readNorms(
  row: ArrayLike<number>,
  parameters: readonly string[],
): readonly ParameterNorms[] | undefined {
  if (row[0] !== 1) return undefined;
  const count = parameters.length;
  const norm = (i: number): number => Math.sqrt(row[1 + i] ?? 0);
  return parameters.map((parameter, i) => ({
    parameter,
    gradient: norm(i),
    weight: norm(count + i),
    update: norm(2 * count + i),
  }));
}

interface Square {
  readonly nodes: readonly Node[];
  readonly sum: Value;
}

/** The sum of the squares of a value, or of how far it is from another. However both lie, it is the same. */
function squareOf(what: string, parameter: string, value: Value, from?: Value): Square {
  const name = `${what}/${parameter}`;
  const sum = float(`${name}/sum`, []);
  const difference = from && float(`${name}/difference`, value.shape);
  return {
    nodes: [
      ...(from && difference ? [operation("Sub", [value, from], difference)] : []),
      operation("ReduceSumSquare", [difference ?? value], sum, { keepdims: 0 }),
    ],
    sum,
  };
}

function asRow(sum: Value): Value {
  return { ...sum, name: `${sum.name}/row`, shape: [1] };
}

function float(name: string, shape: Value["shape"]): Value {
  return { name: `step/measure/${name}`, dtype: "float32", shape };
}

function operation(op: string, inputs: readonly Value[], output: Value, attrs: Node["attrs"] = {}): Node {
  return { op, inputs, outputs: [output], attrs };
}
