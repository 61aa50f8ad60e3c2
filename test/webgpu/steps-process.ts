import * as ort from "onnxruntime-node";
import { GraphBuilder } from "../../toolkit/graph/builder.ts";
import type { Graph, Value } from "../../toolkit/graph/ir.ts";
import { fillNormal, fillUniform } from "../../toolkit/graph/random.ts";
import { float32, scalar, sizeOf } from "../../toolkit/graph/tensor.ts";
import type { TensorData } from "../../toolkit/graph/tensor.ts";
import { imagenetNormalisation } from "../../toolkit/images/to-input.ts";
import { lower } from "../../toolkit/lowering/lower.ts";
import { softmaxCrossEntropy } from "../../toolkit/losses/softmax-cross-entropy.ts";
import { encodeModel } from "../../toolkit/onnx/encode.ts";
import { operators } from "../../toolkit/operators/index.ts";
import { namedOptimizer } from "../../toolkit/optimizers/named-optimizer.ts";
import { batchNormTraining } from "../../toolkit/passes/batch-norm-training.ts";
import { PIXELS, pixelInput } from "../../toolkit/passes/pixel-input.ts";
import { ortSession } from "../../toolkit/runtime/ort.ts";
import type { Ort, OrtTensor } from "../../toolkit/runtime/ort.ts";
import type { Tensors } from "../../toolkit/runtime/runtime.ts";
import { oneHot } from "../../toolkit/train/batch.ts";
import { stateReader } from "../../toolkit/train/state-reader.ts";
import { buildStep, STEP } from "../../toolkit/train/step.ts";
import { giveResult } from "../support/webgpu.ts";

/** What a process holds after so many steps. */
export interface StepsSample {
  readonly steps: number;
  readonly rssBytes: number;
  /** Tensors on the device that were given out and not disposed of. */
  readonly buffers: number;
  /** Tensors that the state is made of. */
  readonly state: number;
  readonly loss: number;
}

const ROWS = 4;
const CLASSES = 3;
const SIDE = 8;
const [STEPS = 0, EVERY = 1] = process.argv.slice(2).map(Number);

let buffers = 0;

/** A tensor whose end is counted. */
function watched(t: OrtTensor): OrtTensor {
  if (t.location !== "gpu-buffer") return t;
  buffers++;
  const dispose = t.dispose.bind(t);
  t.dispose = () => {
    buffers--;
    dispose();
  };
  return t;
}

/** onnxruntime-node, with the tensors counted that its sessions give out on the device. */
const counting: Ort = {
  Tensor: ort.Tensor,
  InferenceSession: {
    async create(model, options) {
      const session = await (ort as unknown as Ort).InferenceSession.create(model, options);
      return {
        inputNames: session.inputNames,
        outputNames: session.outputNames,
        release: () => session.release(),
        async run(feeds, fetches) {
          const results = Object.entries(await session.run(feeds, fetches));
          return Object.fromEntries(results.map(([name, t]) => [name, watched(t)]));
        },
      };
    },
  },
};

/** A convolution with its norm, a max-pool, the mean over all pixels and the classes: small, so that many steps are soon made. */
function network(): Graph {
  const b = new GraphBuilder(operators);
  const weight = (name: string, shape: readonly number[]): Value =>
    b.constant(float32(shape, fillNormal(sizeOf(shape), 1, shape.length, 0, 0.3)), name);
  const filled = (name: string, value: number): Value =>
    b.constant(float32([8], new Float32Array(8).fill(value)), name);
  const x = b.input("input", "float32", ["N", 3, "H", "W"]);
  const conv = b.op("Conv", [x, weight("filter", [8, 3, 3, 3])], { pads: [1, 1, 1, 1] });
  const norm = [filled("scale", 1), filled("shift", 0), filled("mean", 0), filled("variance", 1)];
  const relu = b.op("Relu", [b.op("BatchNormalization", [conv, ...norm])]);
  const pool = b.op("MaxPool", [relu], { kernel_shape: [2, 2], strides: [2, 2] });
  const features = b.op("Flatten", [b.op("GlobalAveragePool", [pool])]);
  return b.build([b.op("Gemm", [features, weight("fc", [CLASSES, 8])], { transB: 1 }, { outputs: ["logits"] })]);
}

function bytesOf(graph: Graph): Uint8Array {
  return encodeModel({ graph, opsets: new Map([["", 17]]), metadata: new Map() });
}

function batch(number: number): Tensors {
  const shape = [ROWS, SIDE, SIDE, 3];
  const labels = Int32Array.from({ length: ROWS }, (_, i) => (i + number) % CLASSES);
  const row = sizeOf(shape.slice(1));
  const noise = fillUniform(sizeOf(shape), 5, number % 16, 0, 90);
  const data = Uint8Array.from(noise, (v, i) => v + 80 * (labels[Math.floor(i / row)] ?? 0));
  return new Map<string, TensorData>([
    [PIXELS, { dtype: "uint8", shape, data }],
    [STEP.target, oneHot(labels, CLASSES)],
    [STEP.weight, { dtype: "float32", shape: [ROWS], data: new Float32Array(ROWS).fill(1) }],
    [STEP.divisor, scalar(ROWS)],
    [STEP.rate, scalar(0.01)],
  ]);
}

const { graph, statistics } = batchNormTraining(network());
const step = buildStep(
  graph,
  {
    parameters: ["filter", "scale", "shift", "fc"],
    logits: "logits",
    loss: softmaxCrossEntropy(),
    optimizer: namedOptimizer("sgd", { momentum: 0.9 }),
    statistics,
  },
  operators,
);
const pixels = pixelInput(step.graph, imagenetNormalisation, operators, "input");
const dims = new Map([
  ["N", ROWS],
  ["H", SIDE],
  ["W", SIDE],
]);
const lowered = lower(pixels, { provider: "webgpu", dims });
const held = step.graph.inputs.filter((v) => step.state.has(v.name));
const session = await ortSession(counting, bytesOf(lowered), {
  provider: "webgpu",
  state: step.state,
  reader: bytesOf(stateReader(held, operators)),
});
await session.set(step.initial);
const samples: StepsSample[] = [];
for (let steps = 1; steps <= STEPS; steps++) {
  const out = await session.run({ feeds: batch(steps), fetch: [STEP.loss] });
  if (steps % EVERY !== 0) continue;
  // as a checkpoint does
  await session.get([...step.state.keys()]);
  const loss = Number(out.get(STEP.loss)?.data[0]);
  console.log(`${steps} steps`);
  samples.push({ steps, rssBytes: process.memoryUsage.rss(), buffers, state: step.state.size, loss });
}
await session.release();
samples.push({ steps: STEPS, rssBytes: process.memoryUsage.rss(), buffers, state: 0, loss: Number.NaN });
giveResult(samples);
