import assert from "node:assert/strict";
import { checkGraph } from "../../toolkit/graph/check.ts";
import type { Graph } from "../../toolkit/graph/ir.ts";
import { scalar } from "../../toolkit/graph/tensor.ts";
import { inferenceModel } from "../../toolkit/export/inference-model.ts";
import { dropoutMasks } from "../../toolkit/fine-tune/dropout-masks.ts";
import { softmaxCrossEntropy } from "../../toolkit/losses/softmax-cross-entropy.ts";
import { lower } from "../../toolkit/lowering/lower.ts";
import { decodeModel } from "../../toolkit/onnx/decode.ts";
import { encodeModel } from "../../toolkit/onnx/encode.ts";
import { operators } from "../../toolkit/operators/index.ts";
import { sgd } from "../../toolkit/optimizers/sgd.ts";
import { batchNormTraining } from "../../toolkit/passes/batch-norm-training.ts";
import { normalise } from "../../toolkit/passes/normalise.ts";
import { parametersOf } from "../../toolkit/passes/parameters.ts";
import { trainingDropout } from "../../toolkit/passes/training-dropout.ts";
import { lossFeeds } from "../../toolkit/train/loss-feeds.ts";
import { randomBatch } from "../../toolkit/train/random-batch.ts";
import { buildStep, STEP } from "../../toolkit/train/step.ts";
import { directRuntime, runGraph } from "./run-graph.ts";

/** How many numbers of a network are learnt. */
export function parameterCount(graph: Graph): number {
  return parametersOf(graph).reduce((sum, name) => sum + (graph.constants.get(name)?.data.length ?? 0), 0);
}

export interface BuilderCase {
  /** A small one of its kind. */
  readonly graph: Graph;
  readonly classes: number;
  readonly sizePx: number;
  /** What is learnt, counted by hand. */
  readonly parameters: number;
  readonly rate?: number;
}

const ROWS = 8;
const STEPS = 30;

/** What every builder must do: count right, run, learn by heart what it is shown, and say the same when its file is read again. */
export function builderSuite({ graph, classes, sizePx, parameters, rate = 0.02 }: BuilderCase): void {
  const batch = randomBatch(graph, { rows: ROWS, classes, sizePx });

  it(`has ${parameters.toLocaleString("en")} parameters, and logits for each picture`, async () => {
    assert.equal(parameterCount(checkGraph(graph)), parameters);
    const logits = (await runGraph(graph, batch.inputs)).get("logits");
    assert.deepEqual(logits?.shape, [ROWS, classes]);
    assert.ok(Array.from(logits?.data as Float32Array).every((v) => Number.isFinite(v)));
  });

  it("learns a batch: the loss falls to less than half of log K", async () => {
    const { graph: normed, statistics } = batchNormTraining(graph);
    const { graph: training, masks } = trainingDropout(normed);
    const settings = { parameters: parametersOf(graph), logits: "logits", loss: softmaxCrossEntropy(), statistics };
    const step = buildStep(training, { ...settings, optimizer: sgd({ momentum: 0.9 }) }, operators);
    const extents = batch.inputs.get("input")?.shape ?? [];
    const named = (graph.inputs[0]?.shape ?? []).flatMap((dim, i) =>
      typeof dim === "string" ? [[dim, extents[i] ?? 1] as const] : [],
    );
    const lowered = lower(step.graph, { provider: "cpu", dims: new Map(named) });
    const bytes = encodeModel({ graph: lowered, opsets: new Map([["", 17]]), metadata: new Map() });
    const session = await directRuntime.load(bytes, { state: step.state });
    try {
      await session.set(step.initial);
      const dropped = dropoutMasks(masks, ROWS, 0);
      const losses: number[] = [];
      for (let i = 0; i < STEPS; i++) {
        const feeds = [
          ...batch.inputs,
          ...lossFeeds(batch, classes),
          ...dropped(i),
          [STEP.rate, scalar(rate)] as const,
        ];
        const out = await session.run({ feeds: new Map(feeds), fetch: [STEP.loss] });
        losses.push(Number(out.get(STEP.loss)?.data[0]));
      }
      const last = losses.slice(-5).reduce((sum, v) => sum + v, 0) / 5;
      assert.ok(last < Math.log(classes) / 2, `losses ${losses.map((v) => v.toFixed(2)).join(" ")}`);
    } finally {
      await session.release();
    }
  });

  it("says the same from the file that is served, with BatchNorm folded, read again", async () => {
    const labels = Array.from({ length: classes }, (_, i) => `class ${i}`);
    const preprocessing = { sizePx, resizePx: sizePx, mean: [0, 0, 0], std: [1, 1, 1] };
    const metadata = {
      version: 1,
      toolkit: "0",
      labels,
      preprocessing,
      trainingInput: "input",
      activation: "softmax",
      temperature: 1,
      rulesVersion: 1,
    } as const;
    const bytes = encodeModel(inferenceModel(graph, { metadata, features: "features", input: "float" }));
    const { graph: again } = normalise(decodeModel(bytes));
    const [before, after] = [await runGraph(graph, batch.inputs), await runGraph(again, batch.inputs)];
    const [expected, found] = [before, after].map((out) => Array.from(out.get("logits")?.data as Float32Array));
    for (const [i, v] of (found ?? []).entries()) {
      assert.ok(
        Math.abs(v - (expected?.[i] ?? Infinity)) <= 1e-4 * Math.max(1, Math.abs(v)),
        `logit ${i}: ${v}, ${expected?.[i]}`,
      );
    }
    assert.ok(again.outputs.some((v) => v.name === "probabilities"));
  });
}
