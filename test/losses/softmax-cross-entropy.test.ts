import assert from "node:assert/strict";
import { differentiate } from "../../toolkit/autodiff/differentiate.ts";
import { GraphBuilder } from "../../toolkit/graph/builder.ts";
import { float32, scalar, toNumbers } from "../../toolkit/graph/tensor.ts";
import type { TensorData } from "../../toolkit/graph/tensor.ts";
import { softmaxCrossEntropy } from "../../toolkit/losses/softmax-cross-entropy.ts";
import type { CrossEntropyOptions } from "../../toolkit/losses/softmax-cross-entropy.ts";
import { operators } from "../../toolkit/operators/index.ts";
import { fixture, readJson, readTensor } from "../support/fixtures.ts";
import { runGraph } from "../support/run-graph.ts";

type Tensor = Parameters<typeof readTensor>[0];
interface Case {
  readonly inputs: Readonly<Record<string, Tensor>>;
  readonly lossValue: number;
  readonly gradients: Readonly<Record<string, Tensor>>;
}

const { cases } = readJson<{ cases: Readonly<Record<string, Case>> }>(fixture("goldens/losses.json"));

function goldenCase(name: string): Case {
  const found = cases[name];
  assert.ok(found, `the goldens hold no case "${name}"`);
  return found;
}

/** Loss and its gradient for the logits of a golden case. */
async function run(
  golden: Case,
  options: CrossEntropyOptions,
  target: TensorData,
  weight: TensorData,
  divisor: number,
): Promise<void> {
  const logits = readTensor(golden.inputs["logits"] as Tensor);
  const b = new GraphBuilder(operators);
  const z = b.input("logits", "float32", logits.shape);
  const loss = softmaxCrossEntropy(options).emit({
    b,
    logits: z,
    target: b.input("target", "float32", target.shape),
    weight: b.input("weight", "float32", weight.shape),
    divisor: b.input("divisor", "float32", []),
  });
  const { graph, gradients } = differentiate(b.build([loss]), loss, ["logits"], operators);
  const gradient = gradients.get("logits");
  assert.ok(gradient);
  const out = await runGraph(
    { ...graph, outputs: [loss, gradient] },
    new Map([
      ["logits", logits],
      ["target", target],
      ["weight", weight],
      ["divisor", scalar(divisor)],
    ]),
  );
  const value = toNumbers(out.get(loss.name) as TensorData)[0] ?? Number.NaN;
  assert.ok(
    Math.abs(value - golden.lossValue) <= 1e-5 * Math.max(1, Math.abs(golden.lossValue)),
    `loss ${value}, PyTorch ${golden.lossValue}`,
  );
  const expected = toNumbers(readTensor(golden.gradients["logits"] as Tensor));
  const ours = toNumbers(out.get(gradient.name) as TensorData);
  for (const [i, g] of expected.entries())
    assert.ok(
      Math.abs((ours[i] ?? Number.NaN) - g) <= 1e-6 * Math.max(1, Math.abs(g)) + 1e-6,
      `gradient ${i}: ${ours[i]}, PyTorch ${g}`,
    );
}

function hard(golden: Case): TensorData {
  const labels = toNumbers(readTensor(golden.inputs["target"] as Tensor));
  const rows = labels.flatMap((y) => Array.from({ length: 5 }, (_, k) => (k === y ? 1 : 0)));
  return float32([labels.length, 5], rows);
}

const ones = float32([6], [1, 1, 1, 1, 1, 1]);

describe("losses/softmax-cross-entropy", () => {
  for (const [name, options, divisor] of [
    ["cross-entropy", {}, 6],
    ["cross-entropy-sum", {}, 1],
    ["cross-entropy-label-smoothing", { labelSmoothing: 0.1 }, 6],
    ["cross-entropy-large-logits", {}, 6],
  ] as const) {
    it(`softmaxCrossEntropy() equals PyTorch: ${name}`, () =>
      run(goldenCase(name), options, hard(goldenCase(name)), ones, divisor));
  }
  it("softmaxCrossEntropy() equals PyTorch: soft targets", () => {
    const golden = goldenCase("cross-entropy-soft-targets");
    return run(golden, {}, readTensor(golden.inputs["target"] as Tensor), ones, 6);
  });
  it("softmaxCrossEntropy() equals PyTorch: sample weights, divided by the count or by their sum", async () => {
    const byCount = goldenCase("cross-entropy-sample-weights");
    const weight = readTensor(byCount.inputs["sampleWeights"] as Tensor);
    await run(byCount, {}, hard(byCount), weight, 6);
    const sum = toNumbers(weight).reduce((s, w) => s + w, 0);
    await run(goldenCase("cross-entropy-sample-weights-normalised"), {}, hard(byCount), weight, sum);
  });
  for (const [name, labelSmoothing] of [
    ["cross-entropy-class-weights", 0],
    ["cross-entropy-class-weights-smoothing", 0.1],
  ] as const) {
    it(`softmaxCrossEntropy() equals PyTorch: ${name}`, async () => {
      const golden = goldenCase(name);
      const classWeights = toNumbers(readTensor(golden.inputs["classWeights"] as Tensor));
      const labels = toNumbers(readTensor(golden.inputs["target"] as Tensor));
      const divisor = labels.reduce((sum, y) => sum + (classWeights[y] ?? 0), 0);
      await run(golden, { classWeights, labelSmoothing }, hard(golden), ones, divisor);
    });
  }
});
