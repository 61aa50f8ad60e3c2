import assert from "node:assert/strict";
import { errorCode } from "../../toolkit/errors.ts";
import type { Graph } from "../../toolkit/graph/ir.ts";
import { key } from "../../toolkit/graph/operator.ts";
import type { Operator, Operators } from "../../toolkit/graph/operator.ts";
import { float32 } from "../../toolkit/graph/tensor.ts";
import { meanSquaredError } from "../../toolkit/losses/mean-squared-error.ts";
import { readModelFile } from "../../toolkit/onnx/read-file.ts";
import { operators } from "../../toolkit/operators/index.ts";
import { batchNormTraining } from "../../toolkit/passes/batch-norm-training.ts";
import { normalise } from "../../toolkit/passes/normalise.ts";
import { parametersOf } from "../../toolkit/passes/parameters.ts";
import { checkGradients } from "../../toolkit/train/gradient-check.ts";
import type { GradientCheck, GradientCheckOptions } from "../../toolkit/train/gradient-check.ts";
import { randomBatch } from "../../toolkit/train/random-batch.ts";
import { fixture } from "../support/fixtures.ts";
import { directRuntime } from "../support/run-graph.ts";
import { smallGraph } from "../passes/small-graph.ts";

async function collect(graph: Graph, options: Partial<GradientCheckOptions> = {}): Promise<readonly GradientCheck[]> {
  const classes = graph.outputs[0]?.shape[1] as number;
  const batch = randomBatch(graph, { rows: 4, classes, sizePx: 32 });
  const found: GradientCheck[] = [];
  for await (const check of checkGradients(graph, { runtime: directRuntime, batch, ...options })) found.push(check);
  return found;
}

/** The standard table with one gradient multiplied by something. */
function spoilt(type: string, input: number, spoil: (g: Parameters<NonNullable<Operator["gradient"]>>[0]) => number) {
  const operator = operators.get(type);
  assert(operator?.gradient);
  const { gradient } = operator;
  const wrong: Operator = {
    ...operator,
    gradient: (g) =>
      gradient(g).map((thunk, i) =>
        thunk && i === input ? () => g.b.op("Mul", [thunk(), g.b.scalar(spoil(g))]) : thunk,
      ),
  };
  return new Map([...operators, [key(wrong), wrong]]) satisfies Operators;
}

const verdicts = (found: readonly GradientCheck[]): ReadonlySet<string> => new Set(found.map((c) => c.verdict));

describe("train/gradient-check", () => {
  let residual: Graph;
  before(async () => {
    residual = normalise(await readModelFile(fixture("resnet18-width8/bn.onnx"))).graph;
  });

  it("checkGradients finds every gradient of a ResNet right or hidden by kinks, most of them right", async () => {
    const found = await collect(residual);
    assert.equal(found.length, parametersOf(residual).length);
    assert.deepEqual(
      found.filter((c) => c.verdict === "wrong"),
      [],
    );
    assert.ok(found.filter((c) => c.verdict === "ok").length > 0.9 * found.length);
    assert.ok(found.every((c) => c.verdict !== "ok" || c.relativeError <= 1e-2));
    const [stem] = found;
    assert.deepEqual([stem?.parameter, stem?.operator], ["conv1.weight", "Conv"]);
  });

  it("the same with the statistics of the batch", async () => {
    const parameters = parametersOf(residual).filter((_, i) => i % 5 === 0);
    const found = await collect(batchNormTraining(residual).graph, { parameters });
    assert.ok(!verdicts(found).has("wrong"));
    assert.ok(found.filter((c) => c.verdict === "ok").length > 0.8 * found.length);
  });

  it("a gradient that is 5 % too large is wrong, and its neighbours are right", async () => {
    const parameters = ["layer4.1.conv2.weight", "layer4.1.bn2.weight", "fc.weight", "fc.bias"];
    const found = await collect(residual, { parameters, operators: spoilt("Conv", 1, () => 1.05) });
    assert.deepEqual(
      found.map((c) => c.verdict),
      ["wrong", "ok", "ok", "ok"],
    );
    assert.ok(Math.abs((found[0]?.relativeError ?? 0) - 0.05 / 1.05) < 0.01, String(found[0]?.relativeError));
  });

  it("a rule that does not pass the gradient on spoils everything before it", async () => {
    const parameters = ["layer4.0.conv1.weight", "layer4.1.conv1.weight", "layer4.1.conv2.weight", "fc.weight"];
    const found = await collect(residual, { parameters, operators: spoilt("BatchNormalization", 0, () => 0.5) });
    assert.deepEqual(
      found.map((c) => c.verdict),
      ["wrong", "wrong", "wrong", "ok"],
    );
  });

  it("elements whose gradient is missing are found along a random direction", async () => {
    const graph = smallGraph(["N", 6], (b, x) => [
      b.op("Gemm", [
        x,
        b.constant(
          float32(
            [6, 4],
            Float32Array.from({ length: 24 }, (_, i) => i / 24 - 0.4),
          ),
          "w",
        ),
      ]),
    ]);
    const gemm = operators.get("Gemm") as Operator;
    const mask = float32([1, 4], [1, 1, 0, 0]);
    const half: Operator = {
      ...gemm,
      gradient: (g) => {
        const [first = null, second] = gemm.gradient?.(g) ?? [];
        return [first, second ? () => g.b.op("Mul", [second(), g.b.constant(mask)]) : null];
      },
    };
    const [found] = await collect(graph, { operators: new Map([...operators, [key(half), half]]) });
    assert.deepEqual([found?.verdict, found?.direction], ["wrong", "random"]);
    const [right] = await collect(graph);
    assert.equal(right?.verdict, "ok");
  });

  it("a kink at the very point is inconclusive, not wrong", async () => {
    // max(w x, 0) at w = 0: any slope between those of the two sides is a subgradient
    const graph = smallGraph(["N", 1], (b, x) => {
      const hidden = b.op("Relu", [b.op("Mul", [b.op("Abs", [x]), b.constant(float32([1], [0]), "w")])]);
      return [b.op("Concat", [hidden, b.op("Neg", [hidden])], { axis: 1 })];
    });
    const [found] = await collect(graph, { parameters: ["w"] });
    assert.equal(found?.verdict, "inconclusive");
  });

  it("a parameter that nothing depends on has a gradient of 0, which is right", async () => {
    const graph = smallGraph(["N", 4], (b, x) => [
      b.op("Add", [x, b.op("Relu", [b.constant(float32([4], [-1, -2, -3, -4]), "dead")])]),
    ]);
    const [found] = await collect(graph, { parameters: ["dead"] });
    assert.deepEqual([found?.verdict, found?.analytic, found?.numeric], ["ok", 0, 0]);
  });

  it("takes another loss, whose target is among the inputs", async () => {
    const graph = smallGraph(["N", 3], (b, x) => [
      b.op("Gemm", [x, b.constant(float32([3, 2], [1, 2, 3, 4, 5, 6]), "w")]),
    ]);
    const batch = randomBatch(graph, { rows: 3, classes: 2 });
    const target = float32([3, 2], [1, 0, -1, 2, 0, 3]);
    const [found] = await collect(graph, {
      loss: meanSquaredError(),
      batch: { ...batch, inputs: new Map([...batch.inputs, ["target", target]]) },
    });
    assert.equal(found?.verdict, "ok");
  });

  it("the same seed says the same", async () => {
    const parameters = ["layer4.1.conv2.weight", "fc.bias"];
    const once = await collect(residual, { parameters, threads: 1, seed: 3 });
    assert.deepEqual(await collect(residual, { parameters, threads: 1, seed: 3 }), once);
  });

  it("refuses what cannot be differentiated, and a loss that is no number", async () => {
    const { gradient: _gradient, ...without } = operators.get("Relu") as Operator;
    const table = new Map([...operators, ["Relu", without]]);
    await assert.rejects(collect(residual, { operators: table }), (e) => errorCode(e) === "E_NO_GRADIENT");
    const constants = new Map(residual.constants);
    constants.set(
      "fc.bias",
      float32(
        [10],
        Array.from({ length: 10 }, () => Number.NaN),
      ),
    );
    const classes = constants.get("fc.bias")?.shape[0];
    assert.equal(classes, residual.outputs[0]?.shape[1] ?? 10);
    await assert.rejects(collect({ ...residual, constants }), (e) => errorCode(e) === "E_NONFINITE_LOSS");
  });
});
