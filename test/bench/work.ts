import { convnet } from "../../models/convnet.ts";
import { linear } from "../../models/layers.ts";
import { mobileNetV2 } from "../../models/mobilenet-v2.ts";
import { resnet } from "../../models/resnet.ts";
import { int8Graph } from "../../toolkit/export/int8/int8-graph.ts";
import { encodeGraph } from "../../toolkit/train/encode-graph.ts";
import { GraphBuilder } from "../../toolkit/graph/builder.ts";
import { valueNamed } from "../../toolkit/graph/ir.ts";
import type { Graph } from "../../toolkit/graph/ir.ts";
import { fillNormal } from "../../toolkit/graph/random.ts";
import { scalar } from "../../toolkit/graph/tensor.ts";
import type { TensorData } from "../../toolkit/graph/tensor.ts";
import { lowerWithForms } from "../../toolkit/lowering/lower.ts";
import { repeat } from "../../toolkit/lowering/repeat.ts";
import { softmaxCrossEntropy } from "../../toolkit/losses/softmax-cross-entropy.ts";
import { operators } from "../../toolkit/operators/index.ts";
import { sgd } from "../../toolkit/optimizers/sgd.ts";
import { batchNormTraining } from "../../toolkit/passes/batch-norm-training.ts";
import { cut } from "../../toolkit/passes/cut.ts";
import { foldBatchNorm } from "../../toolkit/passes/fold-batch-norm.ts";
import { inferTypes } from "../../toolkit/passes/infer-types.ts";
import { parametersOf } from "../../toolkit/passes/parameters.ts";
import { nodeRuntime } from "../../toolkit/runtime/node.ts";
import { oneHot } from "../../toolkit/train/batch.ts";
import { learnBlockSize } from "../../toolkit/train/block-size.ts";
import { stackFeeds } from "../../toolkit/train/stack-feeds.ts";
import { buildStep, STEP } from "../../toolkit/train/step.ts";
import type { NetworkRequest } from "./cases.ts";

/** Steps that training makes in one run of short ones. */
const MOST_STEPS = 64;

/** Random weights: speed does not depend on them. */
const NETWORKS: Readonly<Record<NetworkRequest["network"], () => Graph>> = {
  resnet18: () => resnet({ depth: 18, classes: 1000 }),
  resnet50: () => resnet({ depth: 50, classes: 1000 }),
  resnext50: () => resnet({ depth: 50, classes: 1000, groups: 32, groupWidth: 4 }),
  "mobilenet-v2": () => mobileNetV2({ classes: 1000 }),
  "cifar-convnet": () => convnet({ classes: 10, batchNorm: true }),
  head: () => head(512),
};

/** Our side of a request, ready to be run again and again. */
export interface Work {
  /** Does the work so many times. */
  run(times: number): Promise<void>;
  close(): Promise<void>;
}

/** A network with random weights on stock onnxruntime-node, all cores: the same work as peers/networks.py does. */
export async function openWork({ network, work, batch, size, batchNorm, threads }: NetworkRequest): Promise<Work> {
  const built = NETWORKS[network]();
  const whole: Graph = batchNorm === "folded" ? foldBatchNorm(built) : built;
  const graph = work === "last-stage" ? lastStage(whole) : whole;
  const input = graph.inputs[0]?.name ?? "";
  const shape = network === "head" ? [batch, size] : pictureShape(batch, size, work === "last-stage");
  const given = random(shape);
  if (work === "inference") return inferenceWork(graph, input, given, threads);
  if (work === "int8") return int8Work(graph, input, given, threads);
  return (work === "transfer" ? transferWork : stepWork)(graph, input, given, threads);
}

function random(shape: readonly number[]): TensorData {
  const length = shape.reduce((product, extent) => product * extent, 1);
  return { dtype: "float32", shape, data: fillNormal(length, 0, 1) };
}

/** Of pictures, or of what the third stage of a ResNet18 makes of them. */
function pictureShape(batch: number, size: number, afterThirdStage: boolean): readonly number[] {
  return afterThirdStage ? [batch, 256, size / 16, size / 16] : [batch, 3, size, size];
}

/** What remains to be done where the activations after the third stage are cached. */
function lastStage(graph: Graph): Graph {
  const cached = "layer3.1.relu2";
  const rest = cut(graph, { inputs: [cached], outputs: graph.outputs.map((v) => v.name) });
  return inferTypes(rest, new Map([[cached, ["N", 256, "H", "W"]]]));
}

function head(width: number): Graph {
  const b = new GraphBuilder(operators);
  const features = b.input("features", "float32", ["N", width]);
  return b.build([linear({ b, seed: 0, name: "fc" }, features, 10, "logits")]);
}

function each(once: () => Promise<void>): Work["run"] {
  return async (times) => {
    for (let i = 0; i < times; i++) await once();
  };
}

async function inferenceWork(graph: Graph, input: string, pictures: TensorData, threads?: number): Promise<Work> {
  const session = await nodeRuntime.load(encodeGraph(foldBatchNorm(graph)), threads === undefined ? {} : { threads });
  const fetch = graph.outputs.slice(0, 1).map((v) => v.name);
  return {
    run: each(async () => void (await session.run({ feeds: new Map([[input, pictures]]), fetch }))),
    close: () => session.release(),
  };
}

/** As an export in 8 bits is served: of its two forms the one that is quicker here. */
async function int8Work(graph: Graph, input: string, pictures: TensorData, threads?: number): Promise<Work> {
  const calibration = random([1, ...pictures.shape.slice(1)]);
  const forms: { readonly work: Work; readonly seconds: number }[] = [];
  for (const weightZeroPoint of [0, 1] as const) {
    const options = { runtime: nodeRuntime, weightZeroPoint };
    const written = await int8Graph(graph, [new Map([[input, calibration]])], options);
    const work = await inferenceWork(written, input, pictures, threads);
    await work.run(1); // the first run is slower
    const start = performance.now();
    await work.run(1);
    forms.push({ work, seconds: performance.now() - start });
  }
  const [quicker, slower] = forms.toSorted((a, b) => a.seconds - b.seconds);
  await slower?.work.close();
  if (!quicker) throw new Error("Cannot measure int8: it has no form");
  return quicker.work;
}

/** Features of pictures, then a step of a new head; that it is handed other features than those makes no difference to the time. */
async function transferWork(graph: Graph, input: string, pictures: TensorData, threads?: number): Promise<Work> {
  const features = valueNamed(graph, "features");
  const backbone = await inferenceWork(cut(graph, { outputs: [features.name] }), input, pictures, threads);
  const width = Number(features.shape[1]);
  const step = await stepWork(head(width), "features", random([pictures.shape[0] ?? 1, width]), threads);
  return {
    run: each(async () => {
      await backbone.run(1);
      await step.run(1);
    }),
    async close() {
      await backbone.close();
      await step.close();
    },
  };
}

async function stepWork(graph: Graph, input: string, pictures: TensorData, threads?: number): Promise<Work> {
  const [rows = 1, , height = 1, width = 1] = pictures.shape;
  const hasNorm = graph.nodes.some((n) => n.op === "BatchNormalization");
  const form = hasNorm ? batchNormTraining(graph) : { graph, statistics: [] };
  const parameters = parametersOf(graph);
  const settings = {
    parameters,
    logits: graph.outputs[0]?.name ?? "",
    loss: softmaxCrossEntropy(),
    optimizer: sgd({ momentum: 0.9 }),
  };
  const step = buildStep(form.graph, { ...settings, statistics: form.statistics }, operators);
  const dims = new Map([
    ["N", rows],
    ["H", height],
    ["W", width],
  ]);
  const blockSize = await learnBlockSize(nodeRuntime, threads);
  const { state } = step;
  const lowered = lowerWithForms(step.graph, { provider: "cpu", dims, blockSize, state }, operators);
  const session = await nodeRuntime.load(encodeGraph(repeat(lowered.graph, state)), {
    state,
    layouts: lowered.layouts,
    blockSize,
    ...(threads === undefined ? {} : { threads }),
  });
  await session.set(step.initial);
  const classes = Number(graph.outputs[0]?.shape[1]);
  const labels = Int32Array.from({ length: rows }, (_, i) => i % classes);
  const feeds = new Map<string, TensorData>([
    [input, pictures],
    [STEP.target, oneHot(labels, classes)],
    [STEP.weight, { dtype: "float32", shape: [rows], data: new Float32Array(rows).fill(1) }],
    [STEP.divisor, scalar(rows)],
    [STEP.rate, scalar(1e-6)],
  ]);
  return {
    // as training does: several steps in one run
    async run(times) {
      for (let done = 0; done < times; done += MOST_STEPS) {
        const steps = Array.from({ length: Math.min(MOST_STEPS, times - done) }, () => feeds);
        await session.run({ feeds: stackFeeds(steps), fetch: [STEP.loss] });
      }
    },
    close: () => session.release(),
  };
}
