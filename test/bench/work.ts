import { resnet } from "../../models/resnet.ts";
import { encodeGraph } from "../../toolkit/fine-tune/stage.ts";
import type { Graph } from "../../toolkit/graph/ir.ts";
import { fillNormal } from "../../toolkit/graph/random.ts";
import { scalar } from "../../toolkit/graph/tensor.ts";
import type { TensorData } from "../../toolkit/graph/tensor.ts";
import { lower } from "../../toolkit/lowering/lower.ts";
import { softmaxCrossEntropy } from "../../toolkit/losses/softmax-cross-entropy.ts";
import { operators } from "../../toolkit/operators/index.ts";
import { sgd } from "../../toolkit/optimizers/sgd.ts";
import { batchNormTraining } from "../../toolkit/passes/batch-norm-training.ts";
import { foldBatchNorm } from "../../toolkit/passes/fold-batch-norm.ts";
import { parametersOf } from "../../toolkit/passes/parameters.ts";
import { nodeRuntime } from "../../toolkit/runtime/node.ts";
import { oneHot } from "../../toolkit/train/batch.ts";
import { buildStep, STEP } from "../../toolkit/train/step.ts";
import type { PeerRequest } from "./peer.ts";

const CLASSES = 1000;

/** Our side of a request, ready to be run again and again. */
export interface Work {
  run(): Promise<void>;
  close(): Promise<void>;
}

/** ResNet18 with random weights on stock onnxruntime-node, all cores: the same work as peers/resnet18.py does. */
export async function openWork({ work, batch, size, batchNorm }: PeerRequest): Promise<Work> {
  const built = resnet({ depth: 18, classes: CLASSES, seed: 0 });
  const graph: Graph = batchNorm === "folded" ? foldBatchNorm(built) : built;
  const input = graph.inputs[0]?.name ?? "";
  const pictures: TensorData = {
    dtype: "float32",
    shape: [batch, 3, size, size],
    data: fillNormal(batch * 3 * size * size, 0, 1),
  };
  return work === "step" ? stepWork(graph, input, pictures) : inferenceWork(graph, input, pictures);
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
  const labels = Int32Array.from({ length: rows }, (_, i) => i % CLASSES);
  const feeds = new Map<string, TensorData>([
    [input, pictures],
    [STEP.target, oneHot(labels, CLASSES)],
    [STEP.weight, { dtype: "float32", shape: [rows], data: new Float32Array(rows).fill(1) }],
    [STEP.divisor, scalar(rows)],
    [STEP.rate, scalar(1e-6)],
  ]);
  return {
    run: async () => void (await session.run({ feeds, fetch: [STEP.loss] })),
    close: () => session.release(),
  };
}
