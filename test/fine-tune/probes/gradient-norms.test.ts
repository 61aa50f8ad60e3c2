import assert from "node:assert/strict";
import { gradientNorms, judgeGradientNorms } from "../../../toolkit/fine-tune/probes/gradient-norms.ts";
import type { GradientNorm } from "../../../toolkit/fine-tune/probes/gradient-norms.ts";
import { GraphBuilder } from "../../../toolkit/graph/builder.ts";
import type { Graph } from "../../../toolkit/graph/ir.ts";
import { float32 } from "../../../toolkit/graph/tensor.ts";
import { operators } from "../../../toolkit/operators/index.ts";
import { directRuntime } from "../../support/run-graph.ts";

/** Two features, two classes, no bias: logits = x W with W as given. */
function linear(weight: readonly number[]): Graph {
  const b = new GraphBuilder(operators);
  const x = b.input("x", "float32", ["N", 2]);
  const w = b.constant(float32([2, 2], Float32Array.from(weight)), "w");
  return b.build([b.op("MatMul", [x, w], {}, { name: "fc", outputs: ["logits"] })]);
}

const batch = {
  inputs: new Map([["x", float32([2, 2], Float32Array.of(1, 2, 3, -1))]]),
  labels: Int32Array.of(0, 1),
  weight: Float32Array.of(1, 1),
};
const norm = (parameter: string, of: number, weightNorm = 1): GradientNorm => ({
  parameter,
  layer: parameter,
  norm: of,
  weightNorm,
});

describe("fine-tune/probes/gradient-norms", () => {
  it("gradientNorms() is the length of the gradient of the mean cross-entropy", async () => {
    const [found] = await gradientNorms(linear([0, 0, 0, 0]), {
      runtime: directRuntime,
      batch,
      parameters: ["w"],
      operators,
    });
    // X^T (softmax - Y) / 2 with softmax 1/2 everywhere: [[-1/4 + 3/4, ...], [-2/4 - 1/4, ...]]
    const expected = Math.sqrt(2 * (0.5 ** 2 + 0.75 ** 2));
    assert.deepEqual([found?.parameter, found?.layer, found?.weightNorm], ["w", "fc", 0]);
    assert.ok(Math.abs((found?.norm ?? 0) - expected) < 1e-5, `${found?.norm} instead of ${expected}`);
  });

  it("judgeGradientNorms() is content with norms of any usual size", () => {
    const check = judgeGradientNorms([norm("stem", 3e-4), norm("head", 2)]);
    assert.equal(check.status, "ok");
    assert.match(check.detail, /from 0\.00030 \("stem"\) to 2\.0 \("head"\)/);
  });

  it("judgeGradientNorms() names layers that hear nothing, and those that hear too much", () => {
    const silent = judgeGradientNorms([norm("stem", 0), norm("head", 2)]);
    assert.deepEqual([silent.status, /zero at "stem"/.test(silent.detail)], ["warning", true]);
    const loud = judgeGradientNorms([norm("stem", 5e4, 10), norm("head", 2)]);
    assert.deepEqual([loud.status, /far above the weights at "stem"/.test(loud.detail)], ["warning", true]);
    assert.match(loud.hint ?? "", /--clip-norm/);
  });

  it("judgeGradientNorms() fails where none is there, or one is no number", () => {
    assert.equal(judgeGradientNorms([norm("stem", 0), norm("head", 0)]).status, "failed");
    const broken = judgeGradientNorms([norm("stem", Number.NaN), norm("head", 1)]);
    assert.deepEqual([broken.status, broken.detail], ["failed", 'no number: "stem"']);
  });
});
