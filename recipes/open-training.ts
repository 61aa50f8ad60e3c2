import { buildStep, constantsAsInputs, encodeModel, lower, operators, parametersOf } from "../toolkit/node.ts";
import type { Graph, Loss, Runtime, Session, Transform } from "../toolkit/node.ts";

export interface TrainingOptions {
  readonly runtime: Runtime;
  readonly loss: Loss;
  readonly optimizer: Transform;
}

/** A network in a session that makes a training step with each run, and holds the weights between them. */
export interface Training {
  readonly session: Session;
  /** Names of the weights, all of which are trained. */
  readonly parameters: readonly string[];
  readonly logits: string;
  readonly classes: number;
}

/** The program beside the step that only asks the network. */
export const FORWARD = "forward";

/** The few lines from a network to a session that trains it. */
export async function openTraining(graph: Graph, { runtime, loss, optimizer }: TrainingOptions): Promise<Training> {
  const parameters = parametersOf(graph);
  const [output] = graph.outputs;
  if (!output) throw new Error("the network has no output");
  // forward, loss, backward and update as one graph ...
  const step = buildStep(graph, { parameters, logits: output.name, loss, optimizer }, operators);
  // ... in operators that ONNX Runtime has
  const encode = (g: Graph): Uint8Array => {
    const lowered = lower(g, { provider: "cpu", dims: new Map() });
    return encodeModel({ graph: lowered, opsets: new Map([["", 17]]), metadata: new Map() });
  };
  const session = await runtime.load(encode(step.graph), { state: step.state });
  await session.add(FORWARD, encode(constantsAsInputs(graph, parameters).graph));
  await session.set(step.initial);
  return { session, parameters, logits: output.name, classes: Number(output.shape[1]) };
}
