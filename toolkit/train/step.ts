import { differentiate } from "../autodiff/differentiate.ts";
import { ToolkitError } from "../errors.ts";
import { elementTypeNumber } from "../graph/element-type.ts";
import { GraphBuilder } from "../graph/builder.ts";
import type { Graph, Value } from "../graph/ir.ts";
import type { Operators } from "../graph/operator.ts";
import { concreteShape } from "../graph/shape.ts";
import { allocate, sizeOf } from "../graph/tensor.ts";
import type { TensorData } from "../graph/tensor.ts";
import type { Loss, LossInput } from "../losses/loss.ts";
import { targetType } from "../losses/target-type.ts";
import { accumulate } from "../optimizers/accumulate.ts";
import { averageName, averageWeights } from "../optimizers/average-weights.ts";
import type { Slot, Transform } from "../optimizers/transform.ts";
import type { BatchStatistics } from "../passes/batch-norm-training.ts";
import { halfCompute } from "../passes/half-compute.ts";
import { lossScale, unscaled, withoutOverflow } from "./loss-scale.ts";
import type { LossScaleOptions } from "./loss-scale.ts";
import { sharpnessAware } from "./sharpness-aware.ts";

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
  /** The axis of a parameter that counts its units, which `adaptiveClip` holds one by one; 0 where absent. See `unitAxesOf`. */
  readonly unitAxes?: ReadonlyMap<string, number>;
  /** Update the parameters at every so many steps, to the mean gradient of all their samples; 1 by default. Schedules then count updates: see `perUpdate`. */
  readonly accumulate?: number;
  /** Keep an exponential moving average of the parameters, and of running statistics, too, with this share of it kept at each update. */
  readonly averageDecay?: number;
  /** Keep less of the parameters' average during the first updates. */
  readonly averageWarmUp?: boolean;
  /** "mixed": compute products in float16 (see `halfCompute`) and everything that is kept in float32, with a scaled loss; float32 where absent. */
  readonly precision?: Precision;
  /** With mixed precision. */
  readonly lossScale?: LossScaleOptions;
  /** Take the gradient this far uphill from the parameters: sharpness-aware minimisation, at the price of a second pass. */
  readonly sharpness?: number;
}

export type Precision = "float32" | "mixed";

/** Forward, loss, backward and optimizer as one graph. */
export interface Step {
  readonly graph: Graph;
  /** State input -> the output that replaces it. */
  readonly state: ReadonlyMap<string, string>;
  /** What the state starts as. */
  readonly initial: ReadonlyMap<string, TensorData>;
  readonly parameters: readonly string[];
  /** Parameter, or running statistic -> the state that holds its average; empty without `averageDecay`. See `readAverages` and `averagesAsWeights`. */
  readonly averages: ReadonlyMap<string, string>;
  /** Parameter -> the value that is the gradient of the loss. */
  readonly gradients: ReadonlyMap<string, string>;
  /** Parameter -> the output that is its gradient, where norms can be taken: see `measureStep`. */
  readonly measured?: ReadonlyMap<string, string>;
  /** The output that says whether the step was made, where it is guarded: see `guardStep`. */
  readonly finite?: string;
}

/** Names of a step graph's inputs and outputs beside the images and the weights; slots begin with "step/" as well. A model's own "weight" or "loss" must not meet them. */
export const STEP = {
  target: "step/target",
  weight: "step/weight",
  divisor: "step/divisor",
  rate: "step/rate",
  loss: "step/loss",
} as const;

/**
 * Builds the training step of `graph`. Its inputs are those of the graph, `target` (mostly [N,K]) and further ones where the loss asks for them,
 * `weight` [N], `divisor` [], `rate` [], and the state;
 * its outputs `loss` [], the logits, and the next state.
 * @throws E_NO_PARAMETERS, E_NO_GRADIENT, E_SETTING
 */
export function buildStep(graph: Graph, settings: StepSettings, operators: Operators): Step {
  const { parameters, loss, statistics = [], averageShare = 0.1 } = settings;
  if (parameters.length === 0) throw new ToolkitError("E_NO_PARAMETERS", "Cannot train: no parameter is to be trained");
  checkSettings(settings);
  const averaged = statistics.flatMap((s) => [s.runningMean, s.runningVariance]);
  const open = constantsAsInputs(graph, [...parameters, ...averaged]);
  const isMixed = settings.precision === "mixed";
  const b = new GraphBuilder(operators, isMixed ? halfCompute(open.graph, operators) : open.graph);
  const logits = outputNamed(graph, settings.logits);
  const lossValue = loss.emit({ b, logits, ...lossInputs(b, logits, loss) });

  const { sharpness = 0 } = settings;
  const scaling = isMixed ? lossScale(b, settings.lossScale) : undefined;
  const forward = b.build([...graph.outputs]);
  const back =
    sharpness === 0
      ? differentiate(forward, lossValue, parameters, operators, scaling?.scale)
      : sharpnessAware(forward, lossValue, parameters, sharpness, operators);
  const u = new GraphBuilder(operators, back.graph);
  const rate = u.input(STEP.rate, "float32", []);
  const params = parameters.map((name) => valueOf(u, name));
  const optimizer = wholeOptimizer(settings);
  const slots = optimizer.state(params).map(asState);
  const found = parameters.map((name) => back.gradients.get(name) as Value);
  const gradients = scaling ? unscaled(u, found, scaling) : found;
  const update = optimizer.apply({
    b: u,
    params,
    updates: gradients,
    state: slots.map((s) => u.input(s.name, s.dtype, s.shape)),
    rates: parameters.map((name) => rateFor(u, rate, settings.rateFactors?.get(name) ?? 1)),
    divisor: valueOf(u, STEP.divisor),
    ...(settings.unitAxes ? { unitAxes: settings.unitAxes } : {}),
  });
  const next = new Map<string, Value>();
  for (const [i, p] of params.entries()) next.set(p.name, u.op("Add", [p, update.updates[i]]));
  for (const [i, s] of slots.entries()) next.set(s.name, update.state[i] as Value);
  for (const s of statistics) for (const [name, v] of runningAverages(u, s, averageShare, next)) next.set(name, v);
  const running = settings.averageDecay === undefined ? [] : averageStatistics(u, averaged, settings, next);
  const averages = settings.averageDecay === undefined ? [] : [...parameters, ...averaged];
  const outputs = finish(u, lossValue, logits, scaling ? withoutOverflow(u, next, found, scaling) : next);
  return {
    ...outputs,
    initial: startOf(open.values, [...slots, ...running, ...(scaling?.slots ?? [])]),
    parameters,
    averages: new Map(averages.map((name) => [name, slotName(averageName(name))])),
    gradients: new Map(parameters.map((name, i) => [name, gradients[i]?.name ?? ""])),
  };
}

/**
 * Averages running statistics as the weights are averaged, since those of the weights of today fit no average of weights (as timm's ModelEma does). Puts what they
 * become into `next`. Statistics change with every batch, weights with every so many: so the same share is kept over as many.
 */
function averageStatistics(
  b: GraphBuilder,
  names: readonly string[],
  { averageDecay = 0, accumulate: every = 1 }: StepSettings,
  next: Map<string, Value>,
): readonly Slot[] {
  const kept = averageDecay ** (1 / every);
  return [...new Set(names)].map((name) => {
    const now = next.get(name) ?? valueOf(b, name);
    const slot = asState({ name: averageName(name), dtype: now.dtype, shape: now.shape, start: name });
    const before = b.input(slot.name, slot.dtype, slot.shape);
    next.set(slot.name, b.op("Add", [b.op("Mul", [before, b.scalar(kept)]), b.op("Mul", [now, b.scalar(1 - kept)])]));
    return slot;
  });
}

/** The state that holds a slot: a model's own "momentum/w" must not meet it. */
function slotName(name: string): string {
  return `step/${name}`;
}

function asState(slot: Slot): Slot {
  return { ...slot, name: slotName(slot.name) };
}

/** The optimizer with what the settings put around it: averages are of the weights after each update. */
function wholeOptimizer({ optimizer, accumulate: every = 1, averageDecay, averageWarmUp }: StepSettings): Transform {
  if (averageDecay === undefined) return accumulate(optimizer, every);
  const options = averageWarmUp === undefined ? {} : { warmUp: averageWarmUp };
  return accumulate(averageWeights(optimizer, averageDecay, options), every);
}

function checkSettings({ accumulate: every = 1, averageDecay = 0, sharpness = 0, precision }: StepSettings): void {
  const refuse = (what: string): never => {
    throw new ToolkitError("E_SETTING", `Cannot build the training step: ${what}`);
  };
  if (!Number.isInteger(every) || every < 1) refuse(`accumulate is ${every}, expected an integer of 1 or more`);
  if (!(averageDecay >= 0 && averageDecay < 1)) {
    refuse(`averageDecay is ${averageDecay}, expected a number from 0 to below 1`);
  }
  if (!(sharpness >= 0 && sharpness < Infinity)) refuse(`sharpness is ${sharpness}, expected a number of 0 or more`);
  // its second point would be as far away as the scaled gradient is long
  if (sharpness > 0 && precision === "mixed") refuse("sharpness cannot be had in mixed precision");
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

/** Declares what a loss reads beside the logits: the `target` it asks for, `weight` [N], `divisor` [], and what it names that the graph does not have. */
export function lossInputs(
  b: GraphBuilder,
  logits: Value,
  { target = "class-distribution", reads = [] }: Loss,
): Omit<LossInput, "b" | "logits"> {
  const type = targetType(target, logits);
  return {
    target: type ? b.input(STEP.target, type.dtype, type.shape) : b.scalar(0),
    weight: b.input(STEP.weight, "float32", logits.shape.slice(0, 1)),
    divisor: b.input(STEP.divisor, "float32", []),
    extras: new Map(reads.map((name) => [name, single(b, b.value(name) ?? b.input(name, "float32", logits.shape))])),
  };
}

/** What is computed in float16 is read by a loss in float32. */
function single(b: GraphBuilder, v: Value): Value {
  return v.dtype === "float16" ? b.op("Cast", [v], { to: elementTypeNumber("float32") }) : v;
}

function rateFor(b: GraphBuilder, rate: Value, factor: number): Value {
  return factor === 1 ? rate : b.op("Mul", [rate, b.scalar(factor)]);
}

/**
 * Running mean and variance after one batch: (1 - share) * before + share * batch, the variance unbiased (times n / (n - 1)), as PyTorch keeps them.
 * A batch of one value per channel (one picture, maps of one pixel) has the variance 0, taken as it is (n / max(n - 1, 1), as TensorFlow does), where
 * PyTorch refuses to train: such batches carry nothing through the norm, and their running variance shrinks.
 * `next` holds what a layer that is used more than once has made of them before.
 */
export function runningAverages(
  b: GraphBuilder,
  s: BatchStatistics,
  share: number,
  next: ReadonlyMap<string, Value> = new Map(),
): readonly (readonly [string, Value])[] {
  const blend = (name: string, now: Value): Value => {
    const before = next.get(name) ?? valueOf(b, name);
    return b.op("Add", [b.op("Mul", [before, b.scalar(1 - share)]), b.op("Mul", [now, b.scalar(share)])]);
  };
  const size = b.op("Cast", [b.op("Size", [valueOf(b, s.input)])], { to: elementTypeNumber("float32") });
  const channels = b.op("Cast", [b.op("Size", [valueOf(b, s.mean)])], { to: elementTypeNumber("float32") });
  const count = b.op("Div", [size, channels]);
  const others = b.op("Max", [b.op("Sub", [count, b.scalar(1)]), b.scalar(1)]);
  const unbiased = b.op("Mul", [valueOf(b, s.variance), b.op("Div", [count, others])]);
  return [
    [s.runningMean, blend(s.runningMean, valueOf(b, s.mean))],
    [s.runningVariance, blend(s.runningVariance, unbiased)],
  ];
}

function finish(
  b: GraphBuilder,
  loss: Value,
  logits: Value,
  next: ReadonlyMap<string, Value>,
): Pick<Step, "graph" | "state"> {
  const state = new Map<string, string>();
  const outputs = [b.op("Identity", [loss], {}, { outputs: [STEP.loss] }), logits];
  for (const [name, v] of next) {
    // a name of its own for each output: two slots may be updated by one node
    const output = b.op("Identity", [v], {}, { outputs: [`${name}:next`] });
    state.set(name, output.name);
    outputs.push(output);
  }
  return { graph: b.build(outputs), state };
}

function startOf(values: ReadonlyMap<string, TensorData>, slots: readonly Slot[]): ReadonlyMap<string, TensorData> {
  return new Map([...values, ...slots.map((s) => [s.name, startOfSlot(values, s)] as const)]);
}

function startOfSlot(values: ReadonlyMap<string, TensorData>, { name, dtype, shape, start = 0 }: Slot): TensorData {
  const extents = concreteShape(shape, name);
  if (typeof start === "string") {
    const copied = values.get(start);
    if (!copied) throw new ToolkitError("E_NO_PARAMETERS", `Cannot start "${name}": "${start}" is no parameter`);
    return { ...copied, data: copied.data.slice() };
  }
  const data = allocate(dtype, sizeOf(extents));
  if (start !== 0) (data as Float32Array).fill(start);
  return { dtype, shape: extents, data };
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
