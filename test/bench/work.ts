import { convnet } from "../../models/convnet.ts";
import { linear } from "../../models/layers.ts";
import { mobileNetV2 } from "../../models/mobilenet-v2.ts";
import { resnet } from "../../models/resnet.ts";
import { encodeGraph } from "../../toolkit/fine-tune/stage.ts";
import { GraphBuilder } from "../../toolkit/graph/builder.ts";
import type { Graph } from "../../toolkit/graph/ir.ts";
import { fillNormal } from "../../toolkit/graph/random.ts";
import { scalar } from "../../toolkit/graph/tensor.ts";
import type { TensorData } from "../../toolkit/graph/tensor.ts";
import { lower } from "../../toolkit/lowering/lower.ts";
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
import { buildStep, STEP } from "../../toolkit/train/step.ts";
import type { NetworkRequest } from "./cases.ts";

/** Random weights: speed does not depend on them. */
const NETWORKS: Readonly<Record<NetworkRequest["network"], () => Graph>> = {
  resnet18: () => resnet({ depth: 18, classes: 1000 }),
  "cifar-convnet": () => convnet({ classes: 10, batchNorm: true }),
  "mobilenet-v2": () => mobileNetV2({ classes: 1000 }),
  head,
};

/** Our side of a request, ready to be run again and again. */
export interface Work {
  run(): Promise<void>;
  close(): Promise<void>;
}

/** A network with random weights on stock onnxruntime-node, all cores: the same work as peers/networks.py does. */
export async function openWork({ network, work, batch, size, batchNorm }: NetworkRequest): Promise<Work> {
  const built = NETWORKS[network]();
  const whole: Graph = batchNorm === "folded" ? foldBatchNorm(built) : built;
  const graph = work === "last-stage" ? lastStage(whole) : whole;
  const input = graph.inputs[0]?.name ?? "";
  const shape = network === "head" ? [batch, size] : pictureShape(batch, size, work === "last-stage");
  const length = shape.reduce((product, extent) => product * extent, 1);
  const given: TensorData = { dtype: "float32", shape, data: fillNormal(length, 0, 1) };
  return work === "inference" ? inferenceWork(graph, input, given) : stepWork(graph, input, given);
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

function head(): Graph {
  const b = new GraphBuilder(operators);
  const features = b.input("features", "float32", ["N", 512]);
  return b.build([linear({ b, seed: 0, name: "fc" }, features, 10, "logits")]);
}

async function inferenceWork(graph: Graph, input: string, pictures: TensorData): Promise<Work> {
  const session = await nodeRuntime.load(encodeGraph(foldBatchNorm(graph)));
  const fetch = graph.outputs.slice(0, 1).map((v) => v.name);
  return {
    run: async () => void (await session.run({ feeds: new Map([[input, pictures]]), fetch })),
    close: () => session.release(),
  };
}

async function stepWork(graph: Graph, input: string, pictures: TensorData): Promise<Work> {
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
  const session = await nodeRuntime.load(encodeGraph(lower(step.graph, { provider: "cpu", dims })), {
    state: step.state,
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
    run: async () => void (await session.run({ feeds, fetch: [STEP.loss] })),
    close: () => session.release(),
  };
}
