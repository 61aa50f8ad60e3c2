import { elementTypeNumber } from "../toolkit/graph/element-type.ts";
import {
  constantsAsInputs,
  differentiate,
  encodeModel,
  GraphBuilder,
  lossFeeds,
  lower,
  operators,
  parametersOf,
  STEP,
} from "../toolkit/node.ts";
import type { Graph, Loss, Runtime, Session, Tensors, TrainBatch } from "../toolkit/node.ts";
import { lossInputs } from "../toolkit/train/step.ts";

/** How far the gradient of one parameter is off: |a - n| / (|a| + |n|) of the lengths. */
export interface DoubleError {
  readonly parameter: string;
  readonly error: number;
}

export interface DoubleCheck {
  readonly runtime: Runtime;
  readonly loss: Loss;
  readonly batch: Pick<TrainBatch, "inputs" | "labels" | "targets" | "weight">;
}

type Value = Graph["inputs"][number];
type Node = Graph["nodes"][number];
type TensorData = NonNullable<ReturnType<Tensors["get"]>>;

/** Near the cube root of 1e-16, where a central difference in double precision is best. */
const STEP_SIZE = 1e-5;
const GRADIENT = ":gradient";

/**
 * Compares the gradients of a dense net with central differences, both in double precision: the graph that trains it, loss and gradients, has every float32 of it
 * turned into float64 and runs as that, which ONNX Runtime can on a processor for what dense nets need (not for convolutions, nor Softplus).
 */
export async function checkInDouble(
  graph: Graph,
  { runtime, loss, batch }: DoubleCheck,
): Promise<readonly DoubleError[]> {
  const parameters = parametersOf(graph);
  const { values } = constantsAsInputs(graph, parameters);
  const session = await openInDouble(graph, parameters, { runtime, loss });
  try {
    const classes = Number(graph.outputs[0]?.shape[1]);
    const feeds = doubles(new Map([...values, ...batch.inputs, ...lossFeeds(batch, classes)]));
    const out = await session.run({ feeds, fetch: parameters.map((name) => name + GRADIENT) });
    const errors: DoubleError[] = [];
    for (const parameter of parameters) {
      const numeric = await differences(session, feeds, parameter);
      errors.push({ parameter, error: relativeError(out.get(parameter + GRADIENT)?.data as Float64Array, numeric) });
    }
    return errors;
  } finally {
    await session.release();
  }
}

/** The loss and its gradients as one graph of doubles. */
async function openInDouble(
  graph: Graph,
  parameters: readonly string[],
  { runtime, loss }: Pick<DoubleCheck, "runtime" | "loss">,
): Promise<Session> {
  const b = new GraphBuilder(operators, constantsAsInputs(graph, parameters).graph);
  const [logits] = graph.outputs;
  if (!logits) throw new Error("the network has no output");
  const value = b.op(
    "Identity",
    [loss.emit({ b, logits, ...lossInputs(b, logits, loss) })],
    {},
    { outputs: [STEP.loss] },
  );
  const back = differentiate(b.build([value]), value, parameters, operators);
  const g = new GraphBuilder(operators, back.graph);
  const gradients = parameters.map((name) =>
    g.op("Identity", [back.gradients.get(name)], {}, { outputs: [name + GRADIENT] }),
  );
  const lowered = lower(g.build([value, ...gradients]), { provider: "cpu", dims: new Map() });
  const double = inDouble(lowered);
  return runtime.load(encodeModel({ graph: double, opsets: new Map([["", 17]]), metadata: new Map() }));
}

/** The same computation with every float32 a float64. */
function inDouble(graph: Graph): Graph {
  const value = (v: Value): Value => ({ ...v, dtype: v.dtype === "float32" ? "float64" : v.dtype });
  const nodes = graph.nodes.map((node) => ({
    ...node,
    inputs: node.inputs.map((v) => (v ? value(v) : undefined)),
    outputs: node.outputs.map(value),
  }));
  return {
    inputs: graph.inputs.map(value),
    outputs: graph.outputs.map(value),
    constants: doubles(graph.constants),
    nodes: nodes.flatMap(withDoubleKernel),
  };
}

/** The node as ONNX Runtime has it for doubles. The steep hard sigmoid that says where a ReLU lets through, 1 where its input is positive, is the positive part of the sign. */
function withDoubleKernel(node: Node): readonly Node[] {
  const [output] = node.outputs;
  if (node.op === "Cast" && node.attrs["to"] === elementTypeNumber("float32")) {
    return [{ ...node, attrs: { to: elementTypeNumber("float64") } }];
  }
  if (node.op !== "HardSigmoid" || !output) return [node];
  const sign: Value = { ...output, name: `${output.name}/sign` };
  return [
    { op: "Sign", inputs: node.inputs, outputs: [sign], attrs: {} },
    { op: "Relu", inputs: [sign], outputs: [output], attrs: {} },
  ];
}

function doubles(tensors: Tensors): Tensors {
  const double = (t: TensorData): TensorData =>
    t.dtype === "float32" ? { ...t, dtype: "float64", data: Float64Array.from(t.data as Float32Array) } : t;
  return new Map([...tensors].map(([name, t]) => [name, double(t)]));
}

/** The slope of the loss along each element of a parameter. */
async function differences(session: Session, feeds: Tensors, parameter: string): Promise<Float64Array> {
  const start = feeds.get(parameter) as TensorData;
  const data = start.data as Float64Array;
  const lossWith = async (i: number, change: number): Promise<number> => {
    const moved = { ...start, data: data.with(i, (data[i] ?? 0) + change) };
    const out = await session.run({ feeds: new Map([...feeds, [parameter, moved]]), fetch: [STEP.loss] });
    return Number(out.get(STEP.loss)?.data[0]);
  };
  const slopes = new Float64Array(data.length);
  for (let i = 0; i < slopes.length; i++) {
    slopes[i] = ((await lossWith(i, STEP_SIZE)) - (await lossWith(i, -STEP_SIZE))) / (2 * STEP_SIZE);
  }
  return slopes;
}

function relativeError(a: Float64Array, n: Float64Array): number {
  return Math.hypot(...a.map((v, i) => v - (n[i] ?? 0))) / (Math.hypot(...a) + Math.hypot(...n));
}
