import { GraphBuilder } from "../../toolkit/graph/builder.ts";
import { checkGraph } from "../../toolkit/graph/check.ts";
import { float32, scalar } from "../../toolkit/graph/tensor.ts";
import type { TensorData } from "../../toolkit/graph/tensor.ts";
import { lower } from "../../toolkit/lowering/lower.ts";
import type { Loss } from "../../toolkit/losses/loss.ts";
import { encodeModel } from "../../toolkit/onnx/encode.ts";
import { operators } from "../../toolkit/operators/index.ts";
import type { Session, Tensors } from "../../toolkit/runtime/runtime.ts";
import { buildStep, STEP } from "../../toolkit/train/step.ts";
import type { Step, StepSettings } from "../../toolkit/train/step.ts";
import { directRuntime } from "./run-graph.ts";

/** Its gradient with respect to p is the g that the product was made with. */
const sum: Loss = {
  name: "sum",
  emit: ({ b, logits }) => b.op("ReduceSum", [logits], { keepdims: 0 }),
};

/** A training step whose gradients are its inputs: `g/NAME` for the parameter NAME. */
export function gradientStep(start: Tensors, settings: Omit<StepSettings, "parameters" | "logits" | "loss">): Step {
  const b = new GraphBuilder(operators);
  const products = [...start].map(([name, t]) => {
    const p = b.constant(t, name);
    return b.op("Reshape", [b.op("Mul", [p, b.input(`g/${name}`, "float32", t.shape)]), b.ints([1, -1])]);
  });
  const logits = b.op("Concat", products, { axis: 1 });
  const step = buildStep(
    b.build([logits]),
    { ...settings, parameters: [...start.keys()], logits: logits.name, loss: sum },
    operators,
  );
  checkGraph(step.graph);
  return step;
}

/** A session that holds the step and its state. */
export async function loadStep(step: Step): Promise<Session> {
  const graph = lower(step.graph, { provider: "cpu", dims: new Map() });
  const model = encodeModel({ graph, opsets: new Map([["", 17]]), metadata: new Map() });
  const session = await directRuntime.load(model, { state: step.state });
  await session.set(step.initial);
  return session;
}

/** What a step of `gradientStep` is fed beside its state. */
export function stepFeeds(
  step: Step,
  gradients: Tensors,
  { rate, divisor = 1 }: { rate: number; divisor?: number },
): Tensors {
  const target = step.graph.inputs.find((v) => v.name === STEP.target)?.shape as readonly number[];
  return new Map<string, TensorData>([
    ...[...gradients].map(([name, t]) => [`g/${name}`, t] as const),
    [STEP.target, float32(target, new Float32Array(target[1] ?? 0))],
    [STEP.weight, float32([1], [1])],
    [STEP.divisor, scalar(divisor)],
    [STEP.rate, scalar(rate)],
  ]);
}

/** Feeds one set of gradients and returns all the state behind the step. */
export async function takeStep(
  session: Session,
  step: Step,
  gradients: Tensors,
  how: { rate: number; divisor?: number },
): Promise<Tensors> {
  await session.run({ feeds: stepFeeds(step, gradients, how), fetch: [STEP.loss] });
  return session.get([...step.state.keys()]);
}

/** The state behind each of the steps. */
export async function followOptimizer(
  start: Tensors,
  gradients: readonly Tensors[],
  rate: number,
  settings: Omit<StepSettings, "parameters" | "logits" | "loss">,
): Promise<readonly Tensors[]> {
  const step = gradientStep(start, settings);
  const session = await loadStep(step);
  try {
    const states: Tensors[] = [];
    for (const g of gradients) states.push(await takeStep(session, step, g, { rate }));
    return states;
  } finally {
    await session.release();
  }
}
