import { GraphBuilder } from "../graph/builder.ts";
import type { Graph, Value } from "../graph/ir.ts";
import { fillNormal, fillUniform } from "../graph/random.ts";
import { float32, scalar, sizeOf } from "../graph/tensor.ts";
import type { TensorData } from "../graph/tensor.ts";
import { softmaxCrossEntropy } from "../losses/softmax-cross-entropy.ts";
import { lower, lowerWithForms } from "../lowering/lower.ts";
import { operators } from "../operators/index.ts";
import { sgd } from "../optimizers/sgd.ts";
import { batchNormTraining } from "../passes/batch-norm-training.ts";
import { parametersOf } from "../passes/parameters.ts";
import { pixelInput, PIXELS } from "../passes/pixel-input.ts";
import { providerOf } from "../runtime/runtime.ts";
import type { Runtime, Session, Tensors } from "../runtime/runtime.ts";
import { oneHot } from "./batch.ts";
import { encodeGraph } from "./encode-graph.ts";
import { loadableStep } from "./loadable-step.ts";
import { repeatsOn } from "./repeats-on.ts";
import { stackFeeds } from "./stack-feeds.ts";
import { buildStep, constantsAsInputs, STEP } from "./step.ts";
import type { Step } from "./step.ts";

/** A made-up network that devices are tested with: convolution, batch statistics, ReLU and max-pool for each of `channels`, then a dense layer. */
export interface DeviceTestNet {
  /** Pictures in a batch. */
  readonly rows: number;
  readonly sidePx: number;
  readonly channels: readonly number[];
  /** Of learning. */
  readonly rate: number;
}

/** The smallest in which every gradient of a convolutional network is computed. Its rate is so large that some steps move the weights by about what they are. */
export const TOY_NET: DeviceTestNet = { rows: 4, sidePx: 8, channels: [8, 12], rate: 0.1 };

/** One whose step gives a graphics card something to do: 4e9 multiplications and additions, which take two cores some tenths of a second. */
export const TIMED_NET: DeviceTestNet = { rows: 32, sidePx: 64, channels: [32, 64, 128], rate: 1e-3 };

/** Such a network in training. */
export interface LoadedTestNet {
  /** What the state starts as. */
  readonly start: Tensors;
  /** Makes so many steps, all on the same batch; returns their losses. */
  train(steps: number): Promise<readonly number[]>;
  /** The state: weights, running statistics and momentum. */
  state(): Promise<Tensors>;
  /** The logits of the batch's pictures, given as bytes, with the weights and running statistics of now. */
  answers(): Promise<Float32Array>;
  release(): Promise<void>;
}

const CLASSES = 5;
const MOMENTUM = 0.9;
const INPUT = "x";
const LOGITS = "logits";
const SERVE = "serve";
/** Pixels 0..255 as -1..1. */
const NORMALISATION = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };

/** Loads the training step of such a network, written for the runtime's provider; on the CPU in blocks of `blockSize` channels. */
export async function loadTestNet(runtime: Runtime, net: DeviceTestNet, blockSize = 0): Promise<LoadedTestNet> {
  const provider = providerOf(runtime);
  const graph = graphOf(net);
  const step = stepOf(graph);
  const { state } = step;
  const target = { provider, dims: new Map<string, number>(), blockSize };
  const lowered = lowerWithForms(step.graph, { ...target, state });
  const { model, options } = loadableStep({ step, operators }, { lowered, formulations: { blockSize } }, { provider });
  const session = await runtime.load(model, options);
  await session.set(step.initial);
  const names = [...state.keys()];
  const pixels = pixelsOf(net);
  return {
    start: step.initial,
    async train(steps) {
      const feeds = Array.from({ length: steps }, () => feedsOf(net, pixels));
      const runs = repeatsOn(provider) ? [stackFeeds(feeds)] : feeds;
      const losses: number[] = [];
      for (const each of runs) losses.push(...(await lossesOf(session, each)));
      return losses;
    },
    state: () => session.get(names),
    async answers() {
      const served = constantsAsInputs(
        pixelInput(graph, NORMALISATION, operators),
        names.filter((name) => graph.constants.has(name)),
      );
      await session.add(SERVE, encodeGraph(lower(served.graph, { ...target, layouts: lowered.layouts })));
      const image: TensorData = { dtype: "uint8", shape: [net.rows, net.sidePx, net.sidePx, 3], data: pixels };
      const out = await session.run({ program: SERVE, feeds: new Map([[PIXELS, image]]), fetch: [LOGITS] });
      return out.get(LOGITS)?.data as Float32Array;
    },
    release: () => session.release(),
  };
}

async function lossesOf(session: Session, feeds: Tensors): Promise<readonly number[]> {
  const out = await session.run({ feeds, fetch: [STEP.loss] });
  return Array.from(out.get(STEP.loss)?.data as Float32Array);
}

function graphOf({ rows, sidePx, channels }: DeviceTestNet): Graph {
  const b = new GraphBuilder(operators);
  const weight = (name: string, shape: readonly number[], stream: number): Value => {
    const deviation = Math.sqrt(2 / sizeOf(shape.slice(1)));
    return b.constant(float32(shape, fillNormal(sizeOf(shape), 0, stream, 0, deviation)), name);
  };
  const filled = (name: string, length: number, value: number): Value =>
    b.constant(float32([length], new Float32Array(length).fill(value)), name);
  const input = b.input(INPUT, "float32", [rows, 3, sidePx, sidePx]);
  let x = input;
  for (const [i, count] of channels.entries()) {
    const filters = weight(`conv${i}.weight`, [count, Number(x.shape[1]), 3, 3], i);
    const y = b.op("Conv", [x, filters], { kernel_shape: [3, 3], strides: [1, 1], pads: [1, 1, 1, 1] });
    const norm = [filled(`norm${i}.scale`, count, 1), filled(`norm${i}.shift`, count, 0)];
    const running = [filled(`norm${i}.mean`, count, 0), filled(`norm${i}.variance`, count, 1)];
    const normalised = b.op("BatchNormalization", [y, ...norm, ...running], { epsilon: { float: 1e-5 } });
    x = b.op("MaxPool", [b.op("Relu", [normalised])], { kernel_shape: [2, 2], strides: [2, 2] });
  }
  const features = b.op("Flatten", [x]);
  const dense = weight("dense.weight", [CLASSES, Number(features.shape[1])], channels.length);
  const bias = filled("dense.bias", CLASSES, 0);
  return b.build([b.op("Gemm", [features, dense, bias], { transB: 1 }, { outputs: [LOGITS] })]);
}

function stepOf(graph: Graph): Step {
  const parameters = parametersOf(graph);
  const { graph: training, statistics } = batchNormTraining(graph);
  const optimizer = sgd({ momentum: MOMENTUM });
  return buildStep(
    training,
    { parameters, statistics, logits: LOGITS, loss: softmaxCrossEntropy(), optimizer },
    operators,
  );
}

/** Of a batch, [N,H,W,3]. */
function pixelsOf({ rows, sidePx }: DeviceTestNet): Uint8Array {
  return Uint8Array.from(fillUniform(rows * sidePx * sidePx * 3, 1, 0, 0, 256));
}

/** The pixels as the network takes them in training, and what else a step is told. */
function feedsOf({ rows, sidePx, rate }: DeviceTestNet, pixels: Uint8Array): Tensors {
  const area = sidePx * sidePx;
  const data = new Float32Array(pixels.length);
  for (const [i, v] of pixels.entries()) {
    const [row, at] = [Math.floor(i / (3 * area)), Math.floor(i / 3) % area];
    data[(row * 3 + (i % 3)) * area + at] = v / 127.5 - 1;
  }
  const labels = Int32Array.from({ length: rows }, (_, row) => row % CLASSES);
  return new Map<string, TensorData>([
    [INPUT, float32([rows, 3, sidePx, sidePx], data)],
    [STEP.target, oneHot(labels, CLASSES)],
    [STEP.weight, float32([rows], new Float32Array(rows).fill(1))],
    [STEP.divisor, scalar(rows)],
    [STEP.rate, scalar(rate)],
  ]);
}
