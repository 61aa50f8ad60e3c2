import assert from "node:assert/strict";
import { GraphBuilder } from "../../toolkit/graph/builder.ts";
import type { Graph, TensorType } from "../../toolkit/graph/ir.ts";
import { batchHardTriplet } from "../../toolkit/losses/batch-hard-triplet.ts";
import { contrastive } from "../../toolkit/losses/contrastive.ts";
import { distillation } from "../../toolkit/losses/distillation.ts";
import type { Loss } from "../../toolkit/losses/loss.ts";
import { meanSquaredError } from "../../toolkit/losses/mean-squared-error.ts";
import { softmaxCrossEntropy } from "../../toolkit/losses/softmax-cross-entropy.ts";
import { targetType } from "../../toolkit/losses/target-type.ts";
import { tripletMargin } from "../../toolkit/losses/triplet-margin.ts";
import { operators } from "../../toolkit/operators/index.ts";
import { sgd } from "../../toolkit/optimizers/sgd.ts";
import { buildStep, STEP } from "../../toolkit/train/step.ts";
import { random } from "../passes/raw-model.ts";

const float = (...shape: readonly (number | string)[]): TensorType => ({ dtype: "float32", shape });

/** A linear layer, [N,4] to [N,3]; `positive` is a second output of it. */
function linear(): Graph {
  const b = new GraphBuilder(operators);
  const kernel = b.constant(random([4, 3], 1), "kernel");
  const [x, other] = [b.input("x", "float32", ["N", 4]), b.input("other", "float32", ["N", 4])];
  const y = b.op("MatMul", [x, kernel], {}, { outputs: ["y"] });
  return b.build([y, b.op("MatMul", [other, kernel], {}, { outputs: ["positive"] })]);
}

/** Inputs of the step beside the graph's own, its state, and the rate. */
function inputsOf(loss: Loss): Readonly<Record<string, TensorType>> {
  const { graph } = buildStep(linear(), { parameters: ["kernel"], logits: "y", loss, optimizer: sgd() }, operators);
  const added = graph.inputs.filter((v) => !["x", "other", "kernel", STEP.rate].includes(v.name));
  return Object.fromEntries(added.map(({ name, dtype, shape }) => [name, { dtype, shape: [...shape] }]));
}

describe("losses/target-type", () => {
  it("targetType() says what each kind of target holds", () => {
    const rows = { name: "y", ...float("N", 3) };
    const pixels = { name: "y", ...float("N", 3, "H", 8) };
    for (const kind of ["class-distribution", "multi-label", "values"] as const) {
      assert.deepEqual(targetType(kind, rows), float("N", 3));
      assert.deepEqual(targetType(kind, pixels), float("N", 3, "H", 8));
    }
    assert.deepEqual(targetType("class-ids", rows), { dtype: "int32", shape: ["N"] });
    assert.deepEqual(targetType("class-ids", pixels), { dtype: "int32", shape: ["N", "H", 8] });
    assert.deepEqual(targetType("pair", rows), float("N"));
    assert.equal(targetType("none", rows), undefined);
  });

  const always = { [STEP.weight]: float("N"), [STEP.divisor]: float() };
  for (const [what, loss, expected] of [
    ["a distribution", softmaxCrossEntropy(), { [STEP.target]: float("N", 3) }],
    ["class indices", batchHardTriplet(), { [STEP.target]: { dtype: "int32", shape: ["N"] } }],
    ["numbers", meanSquaredError(), { [STEP.target]: float("N", 3) }],
    ["pairs", contrastive({ second: "positive" }), { [STEP.target]: float("N") }],
    ["no target but a teacher", distillation(), { "teacher.logits": float("N", 3) }],
    ["both", distillation({ alpha: 0.5 }), { [STEP.target]: float("N", 3), "teacher.logits": float("N", 3) }],
    ["a value of the graph and one that is fed", tripletMargin(), { negative: float("N", 3) }],
    [
      "what is asked by a loss of somebody's own",
      { name: "own", emit: softmaxCrossEntropy().emit },
      { [STEP.target]: float("N", 3) },
    ],
  ] as const) {
    it(`buildStep() declares the inputs of a loss of ${what}`, () => {
      assert.deepEqual(inputsOf(loss), { ...always, ...expected });
    });
  }
});
