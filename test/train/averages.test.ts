import assert from "node:assert/strict";
import { checkGraph } from "../../toolkit/graph/check.ts";
import { float32 } from "../../toolkit/graph/tensor.ts";
import type { TensorData } from "../../toolkit/graph/tensor.ts";
import { softmaxCrossEntropy } from "../../toolkit/losses/softmax-cross-entropy.ts";
import { lower } from "../../toolkit/lowering/lower.ts";
import { encodeModel } from "../../toolkit/onnx/encode.ts";
import { operators } from "../../toolkit/operators/index.ts";
import { sgd } from "../../toolkit/optimizers/sgd.ts";
import { batchNormTraining } from "../../toolkit/passes/batch-norm-training.ts";
import { averagesAsWeights, readAverages } from "../../toolkit/train/averages.ts";
import { buildStep, constantsAsInputs } from "../../toolkit/train/step.ts";
import type { Graph } from "../../toolkit/graph/ir.ts";
import { directRuntime, runGraph } from "../support/run-graph.ts";
import { batchOf, runBatches, smallClassifier, WEIGHTS } from "../support/small-classifier.ts";

function bytesOf(graph: Graph): Uint8Array {
  const lowered = lower(graph, { provider: "cpu", dims: new Map() });
  return encodeModel({ graph: lowered, opsets: new Map([["", 17]]), metadata: new Map() });
}

describe("train/averages", () => {
  it("readAverages() evaluates what averagesAsWeights() exports", async () => {
    const network = smallClassifier();
    const settings = { parameters: WEIGHTS, logits: "logits", loss: softmaxCrossEntropy(), optimizer: sgd() };
    const step = buildStep(network, { ...settings, averageDecay: 0.5 }, operators);
    const open = constantsAsInputs(network, WEIGHTS).graph;
    const session = await directRuntime.load(bytesOf(step.graph), { state: step.state });
    await session.add("plain", bytesOf(open));
    await session.add("averaged", bytesOf(checkGraph(readAverages(open, step.averages))));
    await session.set(step.initial);
    await runBatches(session, [batchOf(0, 4), batchOf(4, 8), batchOf(8, 12)], 0.5);
    const x = new Map([["x", batchOf(20, 24).get("x") ?? assert.fail()]]);
    const run = async (program: string): Promise<unknown> =>
      (await session.run({ feeds: x, fetch: ["logits"], program })).get("logits")?.data;
    const averaged = await run("averaged");
    assert.notDeepEqual(averaged, await run("plain"));
    const weights = averagesAsWeights(await session.get([...step.averages.values()]), step.averages);
    await session.release();
    assert.deepEqual([...weights.keys()], [...WEIGHTS]);
    const exported = { ...network, constants: new Map([...network.constants, ...weights]) };
    assert.deepEqual((await runGraph(exported, x)).get("logits")?.data, averaged);
  });

  for (const accumulate of [1, 2]) {
    it(`averages running statistics as the weights are averaged, with updates at every ${accumulate} batches`, async () => {
      const { graph, statistics } = batchNormTraining(smallClassifier({ batchNorm: true }));
      const settings = { parameters: WEIGHTS, logits: "logits", loss: softmaxCrossEntropy(), optimizer: sgd() };
      const step = buildStep(graph, { ...settings, statistics, accumulate, averageDecay: 0.81 }, operators);
      const session = await directRuntime.load(bytesOf(step.graph), { state: step.state });
      await session.set(step.initial);
      const [kept, running] = [0.81 ** (1 / accumulate), ["mean", "variance"]];
      const numbers = (t: TensorData | undefined): readonly number[] => Array.from(t?.data ?? [], Number);
      const expected = new Map(running.map((name) => [name, numbers(step.initial.get(name))]));
      for (let i = 0; i < 4; i++) {
        await runBatches(session, [batchOf(4 * i, 4 * i + 4)], 0.5);
        const now = await session.get(running);
        for (const [name, before] of expected) {
          expected.set(
            name,
            numbers(now.get(name)).map((v, c) => kept * (before[c] ?? 0) + (1 - kept) * v),
          );
        }
      }
      const averages = averagesAsWeights(await session.get([...step.averages.values()]), step.averages);
      await session.release();
      assert.deepEqual([...averages.keys()], [...WEIGHTS, ...running]);
      for (const [name, values] of expected) {
        for (const [c, v] of numbers(averages.get(name)).entries()) assert.ok(Math.abs(v - (values[c] ?? 0)) < 1e-6);
      }
    });
  }

  it("averagesAsWeights() leaves everything else as it is, and misses no average silently", () => {
    const state = new Map([
      ["w", float32([1], [1])],
      ["average/w", float32([1], [2])],
      ["mean", float32([1], [3])],
    ]);
    const averages = new Map([["w", "average/w"]]);
    assert.deepEqual(
      averagesAsWeights(state, averages),
      new Map([
        ["w", float32([1], [2])],
        ["mean", float32([1], [3])],
      ]),
    );
    assert.throws(() => averagesAsWeights(new Map(), averages), { code: "E_NO_VALUE" });
  });
});
