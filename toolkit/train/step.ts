import { differentiate } from "../autodiff/differentiate.ts";
import { ToolkitError } from "../errors.ts";
import { GraphBuilder } from "../graph/builder.ts";
import type { Graph, Value } from "../graph/ir.ts";
import type { Operators } from "../graph/operator.ts";
import { concreteShape } from "../graph/shape.ts";
import { allocate, sizeOf } from "../graph/tensor.ts";
import type { TensorData } from "../graph/tensor.ts";
import type { Loss } from "../losses/loss.ts";
import type { Transform } from "../optimizers/transform.ts";
import type { BatchStatistics } from "../passes/batch-norm-training.ts";

export interface StepSettings {
  /** Constants of the graph that are trained. */
  readonly parameters: readonly string[];
  /** Which output is compared with the target. */
  readonly logits: string;
  readonly loss: Loss;
  readonly optimizer: Transform;
  /** What the rate is multiplied by, per parameter; 1 where absent. */
  readonly rateFactors?: ReadonlyMap<string, number>;
  /** Where BatchNormalization uses batch statistics: the running averages to keep. */
  readonly statistics?: readonly BatchStatistics[];
  /** Share of the new value in a running average: PyTorch's `momentum`, 1 minus ONNX's. */
  readonly averageShare?: number;
}

/** Forward, loss, backward and optimizer as one graph. */
export interface Step {
  readonly graph: Graph;
  /** State input -> the output that replaces it. */
  readonly state: ReadonlyMap<string, string>;
  /** What the state starts as. */
  readonly initial: ReadonlyMap<string, TensorData>;
  readonly parameters: readonly string[];
}

/** Names of a step graph's inputs and outputs beside the images and the state. */
export const STEP = { target: "target", weight: "weight", divisor: "divisor", rate: "rate", loss: "loss" } as const;

/**
 * Builds the training step of `graph`. Its inputs are those of the graph, `target` [N,K], `weight` [N], `divisor` [], `rate` [], and the state;
 * its outputs `loss` [], the logits, and the next state.
 * @throws E_NO_PARAMETERS, E_NO_GRADIENT
 */
export function buildStep(graph: Graph, settings: StepSettings, operators: Operators): Step {
  const { parameters, loss, optimizer, statistics = [], averageShare = 0.1 } = settings;
  if (parameters.length === 0) throw new ToolkitError("E_NO_PARAMETERS", "Cannot train: no parameter is to be trained");
  const averaged = statistics.flatMap((s) => [s.runningMean, s.runningVariance]);
  const open = constantsAsInputs(graph, [...parameters, ...averaged]);
  const b = new GraphBuilder(operators, open.graph);
  const logits = outputNamed(graph, settings.logits);
  const lossValue = loss.emit({ b, logits, ...lossInputs(b, logits) });

  const back = differentiate(b.build([...graph.outputs]), lossValue, parameters, operators);
  const u = new GraphBuilder(operators, back.graph);
  const rate = u.input(STEP.rate, "float32", []);
  const params = parameters.map((name) => valueOf(u, name));
  const slots = optimizer.state(params);
  const update = optimizer.apply({
    b: u,
    params,
    updates: parameters.map((name) => back.gradients.get(name) as Value),
    state: slots.map((s) => u.input(s.name, s.dtype, s.shape)),
    rates: parameters.map((name) => rateFor(u, rate, settings.rateFactors?.get(name) ?? 1)),
  });
  const next = new Map<string, Value>();
  for (const [i, p] of params.entries()) next.set(p.name, u.op("Add", [p, update.updates[i]]));
  for (const [i, s] of slots.entries()) next.set(s.name, update.state[i] as Value);
  for (const s of statistics) for (const [name, v] of runningAverages(u, s, averageShare)) next.set(name, v);
  return finish(u, lossValue, logits, next, parameters, startOf(open.values, slots));
}

/** `graph` with some of its constants turned into inputs, and what they held. */
export function constantsAsInputs(
  graph: Graph,
  names: readonly string[],
): { graph: Graph; values: ReadonlyMap<string, TensorData> } {
  const constants = new Map(graph.constants);
  const values = new Map<string, TensorData>();
  for (const name of names) {
    const t = constants.get(name);
    if (!t) throw new ToolkitError("E_NO_PARAMETERS", `Cannot train "${name}": the graph has no such constant`);
    values.set(name, t);
    constants.delete(name);
  }
  const inputs = [...values].map(([name, t]) => ({ name, dtype: t.dtype, shape: t.shape }));
  return { graph: { ...graph, inputs: [...graph.inputs, ...inputs], constants }, values };
}

function lossInputs(b: GraphBuilder, logits: Value): { target: Value; weight: Value; divisor: Value } {
  return {
    target: b.input(STEP.target, "float32", logits.shape),
    weight: b.input(STEP.weight, "float32", logits.shape.slice(0, 1)),
    divisor: b.input(STEP.divisor, "float32", []),
  };
}

function rateFor(b: GraphBuilder, rate: Value, factor: number): Value {
  return factor === 1 ? rate : b.op("Mul", [rate, b.scalar(factor)]);
}

/**
 * Running mean and variance after one batch: (1 - share) * before + share * batch, the variance unbiased (times n / (n - 1)), as PyTorch keeps them.
 */
function runningAverages(b: GraphBuilder, s: BatchStatistics, share: number): readonly (readonly [string, Value])[] {
  const blend = (name: string, now: Value): Value =>
    b.op("Add", [b.op("Mul", [valueOf(b, name), b.scalar(1 - share)]), b.op("Mul", [now, b.scalar(share)])]);
  const size = b.op("Cast", [b.op("Size", [valueOf(b, s.input)])], { to: FLOAT });
  const channels = b.op("Cast", [b.op("Size", [valueOf(b, s.mean)])], { to: FLOAT });
  const count = b.op("Div", [size, channels]);
  const unbiased = b.op("Mul", [valueOf(b, s.variance), b.op("Div", [count, b.op("Sub", [count, b.scalar(1)])])]);
  return [
    [s.runningMean, blend(s.runningMean, valueOf(b, s.mean))],
    [s.runningVariance, blend(s.runningVariance, unbiased)],
  ];
}

/** ONNX's number for float32. */
const FLOAT = 1;

function finish(
  b: GraphBuilder,
  loss: Value,
  logits: Value,
  next: ReadonlyMap<string, Value>,
  parameters: readonly string[],
  initial: ReadonlyMap<string, TensorData>,
): Step {
  const state = new Map<string, string>();
  const outputs = [b.op("Identity", [loss], {}, { outputs: [STEP.loss] }), logits];
  for (const [name, v] of next) {
    // a name of its own for each output: two slots may be updated by one node
    const output = b.op("Identity", [v], {}, { outputs: [`${name}:next`] });
    state.set(name, output.name);
    outputs.push(output);
  }
  return { graph: b.build(outputs), state, initial, parameters };
}

function startOf(
  values: ReadonlyMap<string, TensorData>,
  slots: readonly { name: string; dtype: TensorData["dtype"]; shape: Value["shape"] }[],
): ReadonlyMap<string, TensorData> {
  const start = new Map(values);
  for (const s of slots) {
    const shape = concreteShape(s.shape, s.name);
    start.set(s.name, { dtype: s.dtype, shape, data: allocate(s.dtype, sizeOf(shape)) });
  }
  return start;
}

function valueOf(b: GraphBuilder, name: string): Value {
  const value = b.value(name);
  if (!value) throw new ToolkitError("E_NO_VALUE", `Cannot build the training step: the graph has no value "${name}"`);
  return value;
}

function outputNamed(graph: Graph, name: string): Value {
  const value = graph.outputs.find((v) => v.name === name);
  if (!value) throw new ToolkitError("E_NO_VALUE", `Cannot build the training step: the graph has no output "${name}"`);
  return value;
}
