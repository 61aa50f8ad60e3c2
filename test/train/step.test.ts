import assert from "node:assert/strict";
import { checkGraph } from "../../toolkit/graph/check.ts";
import { float32, scalar } from "../../toolkit/graph/tensor.ts";
import type { TensorData } from "../../toolkit/graph/tensor.ts";
import { lower } from "../../toolkit/lowering/lower.ts";
import { softmaxCrossEntropy } from "../../toolkit/losses/softmax-cross-entropy.ts";
import { operators } from "../../toolkit/operators/index.ts";
import { namedOptimizer } from "../../toolkit/optimizers/named-optimizer.ts";
import { batchNormTraining } from "../../toolkit/passes/batch-norm-training.ts";
import { buildStep, STEP } from "../../toolkit/train/step.ts";
import type { Step } from "../../toolkit/train/step.ts";
import type { Tensors } from "../../toolkit/runtime/runtime.ts";
import { random } from "../passes/raw-model.ts";
import { norm, smallGraph } from "../passes/small-graph.ts";
import { runGraph } from "../support/run-graph.ts";

/** What a step gives out from its initial state. */
async function firstStep(step: Step, x: TensorData, target: TensorData): Promise<Tensors> {
  const rows = x.shape[0] ?? 1;
  return runGraph(
    lower(step.graph, { provider: "cpu", dims: new Map() }),
    new Map([
      ...step.initial,
      ["x", x],
      [STEP.target, target],
      [STEP.weight, float32([rows], Array<number>(rows).fill(1))],
      [STEP.divisor, scalar(rows)],
      [STEP.rate, scalar(0.1)],
    ]),
  );
}

describe("train/step", () => {
  for (const taken of ["momentum/w", "average/w", "average-count", "accumulate/count", "sharpness/w"]) {
    it(`trains a model that has a value called "${taken}"`, async () => {
      const graph = smallGraph([2, 4], (b, x) => {
        const weight = b.constant(random([3, 4]), "w");
        const logits = b.op("Gemm", [x, weight], { transB: 1 }, { outputs: [taken] });
        return [b.op("Identity", [logits], {}, { outputs: ["logits"] })];
      });
      const step = buildStep(
        graph,
        {
          parameters: ["w"],
          logits: "logits",
          loss: softmaxCrossEntropy(),
          optimizer: namedOptimizer("sgd", { momentum: 0.9 }),
          accumulate: 2,
          averageDecay: 0.9,
          averageWarmUp: true,
          sharpness: 0.05,
        },
        operators,
      );
      checkGraph(step.graph);
      const out = await firstStep(step, random([2, 4]), float32([2, 3], [1, 0, 0, 0, 1, 0]));
      assert.ok(Number.isFinite(Number(out.get(STEP.loss)?.data[0])));
    });
  }

  it("keeps running statistics finite where a batch has one value per channel", async () => {
    const { graph, statistics } = batchNormTraining(
      smallGraph([1, 3, 1, 1], (b, x) => [b.op("Flatten", [norm(b, x, "n")], { axis: 1 }, { outputs: ["logits"] })]),
    );
    const step = buildStep(
      graph,
      {
        parameters: ["n.weight", "n.bias"],
        logits: "logits",
        loss: softmaxCrossEntropy(),
        optimizer: namedOptimizer("sgd"),
        statistics,
      },
      operators,
    );
    const x = random([1, 3, 1, 1]);
    const out = await firstStep(step, x, float32([1, 3], [0, 1, 0]));
    const after = (name: string): readonly number[] =>
      Array.from(out.get(step.state.get(name) ?? "")?.data ?? [], Number);
    const before = (name: string): readonly number[] => Array.from(step.initial.get(name)?.data ?? [], Number);
    for (const [i, v] of after("n.var").entries()) assert.ok(Math.abs(v - 0.9 * (before("n.var")[i] ?? 0)) < 1e-6);
    for (const [i, v] of after("n.mean").entries()) {
      assert.ok(Math.abs(v - 0.9 * (before("n.mean")[i] ?? 0) - 0.1 * Number(x.data[i])) < 1e-6);
    }
  });
});
