import { twoLayerNet } from "../../models/two-layer-net.ts";
import { fillNormal } from "../../toolkit/graph/random.ts";
import { float32, lossFeeds, scalar, sgd, softmaxCrossEntropy, STEP } from "../../toolkit/node.ts";
import type { Graph, Runtime, Tensors } from "../../toolkit/node.ts";
import { checkInDouble } from "../check-in-double.ts";
import { openTraining } from "../open-training.ts";

/** A net that is small enough to take every weight's difference of the loss: 4 inputs, 10 hidden units, 3 classes, 5 pictures. */
const [INPUTS, HIDDEN, CLASSES, ROWS] = [4, 10, 3, 5];
const LABELS = Int32Array.from([0, 1, 2, 2, 1]);
const REGULARISATION = 0.05;
/** In double precision, the best step of a central difference is near the cube root of 1e-16. */
const STEP_SIZE = 1e-5;

/** How far the gradient of one weight tensor is off: |a - n| / (|a| + |n|) of the lengths. */
export interface GradientError {
  readonly parameter: string;
  readonly error: number;
}

/**
 * Compares the gradient that a training step takes, L2 included, with central differences of a loss that is written out here in double precision.
 * The gradient is read off the weights: at the rate 1 they lose exactly it.
 */
export async function checkGradient(runtime: Runtime): Promise<readonly GradientError[]> {
  const graph = smallNet();
  const x = fillNormal(ROWS * INPUTS, 1, 2, 0, 1);
  // decay d adds d * w to the gradient: twice the factor of the sum of squares
  const optimizer = sgd({ decay: 2 * REGULARISATION });
  const { session, parameters } = await openTraining(graph, { runtime, loss: softmaxCrossEntropy(), optimizer });
  try {
    const before = await session.get(parameters);
    const batch = { labels: LABELS, weight: new Float32Array(ROWS).fill(1) };
    await session.run({
      feeds: new Map([["input", float32([ROWS, 1, 2, 2], x)], ...lossFeeds(batch, CLASSES), [STEP.rate, scalar(1)]]),
      fetch: [STEP.loss],
    });
    const after = await session.get(parameters);
    const weights = new Map(parameters.map((name) => [name, numbers(before, name)]));
    return parameters.map((name) => {
      const start = numbers(before, name);
      const end = numbers(after, name);
      const taken = start.map((w, i) => w - (end[i] ?? 0));
      return { parameter: name, error: relativeError(taken, differences(weights, name, x)) };
    });
  } finally {
    await session.release();
  }
}

/** The same net and pictures with the graph itself in double precision; without L2, which is the optimizer's. */
export function checkGradientInDouble(runtime: Runtime): Promise<readonly GradientError[]> {
  const x = fillNormal(ROWS * INPUTS, 1, 2, 0, 1);
  const batch = {
    inputs: new Map([["input", float32([ROWS, 1, 2, 2], x)]]),
    labels: LABELS,
    weight: new Float32Array(ROWS).fill(1),
  };
  return checkInDouble(smallNet(), { runtime, loss: softmaxCrossEntropy(), batch });
}

function smallNet(): Graph {
  return twoLayerNet({ classes: CLASSES, sizePx: 2, channels: 1, hidden: HIDDEN, seed: 1 });
}

/** The slope of the loss along each weight of a tensor. */
function differences(weights: ReadonlyMap<string, Float64Array>, name: string, x: Float32Array): Float64Array {
  const own = weights.get(name) ?? new Float64Array();
  const lossWith = (i: number, change: number): number => {
    const moved = own.with(i, (own[i] ?? 0) + change);
    return lossInDouble(new Map([...weights, [name, moved]]), x);
  };
  return own.map((_, i) => (lossWith(i, STEP_SIZE) - lossWith(i, -STEP_SIZE)) / (2 * STEP_SIZE));
}

/** Mean softmax cross-entropy of W2 max(0, W1 x + b1) + b2, and the regularisation times the sum of all squared weights but the biases. */
function lossInDouble(weights: ReadonlyMap<string, Float64Array>, x: Float32Array): number {
  const of = (name: string): Float64Array => weights.get(name) ?? new Float64Array();
  let loss = 0;
  for (let row = 0; row < ROWS; row++) {
    const picture = Array.from(x.subarray(row * INPUTS, (row + 1) * INPUTS));
    const hidden = dense(of("fc1.weight"), of("fc1.bias"), picture).map((z) => Math.max(0, z));
    const scores = dense(of("fc2.weight"), of("fc2.bias"), hidden);
    const powers = scores.map((z) => Math.exp(z));
    loss += Math.log(powers.reduce((sum, p) => sum + p, 0)) - (scores[LABELS[row] ?? 0] ?? 0);
  }
  const squares = [...of("fc1.weight"), ...of("fc2.weight")].reduce((sum, w) => sum + w * w, 0);
  return loss / ROWS + REGULARISATION * squares;
}

function dense(weight: Float64Array, bias: Float64Array, x: readonly number[]): readonly number[] {
  return Array.from(bias, (b, k) => x.reduce((sum, v, j) => sum + v * (weight[k * x.length + j] ?? 0), b));
}

function numbers(tensors: Tensors, name: string): Float64Array {
  return Float64Array.from(tensors.get(name)?.data as Float32Array);
}

function relativeError(a: Float64Array, n: Float64Array): number {
  const length = (v: Float64Array): number => Math.sqrt(v.reduce((sum, e) => sum + e * e, 0));
  return length(a.map((v, i) => v - (n[i] ?? 0))) / (length(a) + length(n));
}
