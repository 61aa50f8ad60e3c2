import assert from "node:assert/strict";
import { checkGraph } from "../../toolkit/graph/check.ts";
import type { Graph } from "../../toolkit/graph/ir.ts";
import type { TensorData } from "../../toolkit/graph/tensor.ts";
import { encodeModel } from "../../toolkit/onnx/encode.ts";
import { batchNormAsWeights } from "../../toolkit/passes/batch-norm-as-weights.ts";
import { batchNormTraining } from "../../toolkit/passes/batch-norm-training.ts";
import { foldBatchNorm } from "../../toolkit/passes/fold-batch-norm.ts";
import { normalise } from "../../toolkit/passes/normalise.ts";
import { parametersOf } from "../../toolkit/passes/parameters.ts";
import { replaceHead } from "../../toolkit/passes/replace-head.ts";
import { batchNormPolicy, restorable, restoreBatchNorm } from "../../toolkit/passes/restore-batch-norm.ts";
import type { ChannelStatistics } from "../../toolkit/passes/restore-batch-norm.ts";
import { itShared } from "../support/fixtures.ts";
import { runGraph } from "../support/run-graph.ts";
import { readFileSync } from "node:fs";
import { decodeModel } from "../../toolkit/onnx/decode.ts";
import { forms, images, readForm } from "./form-files.ts";
import { difference, operatorsOf, random } from "./raw-model.ts";
import { conv3, norm, smallGraph } from "./small-graph.ts";

async function outputOf(graph: Graph, x: TensorData): Promise<TensorData | undefined> {
  const results = await runGraph(graph, new Map([[graph.inputs[0]?.name ?? "", x]]));
  return results.get(graph.outputs[0]?.name ?? "");
}

const average = (v: readonly number[]): number => v.reduce((a, b) => a + b, 0) / v.length;

/** Mean and biased variance of each channel of values of a graph, over images and positions. */
async function measure(graph: Graph, x: TensorData): Promise<ReadonlyMap<string, ChannelStatistics>> {
  const values = restorable(graph);
  const results = await runGraph({ ...graph, outputs: values }, new Map([[graph.inputs[0]?.name ?? "", x]]));
  return new Map(
    values.map(({ name }) => {
      const t = results.get(name);
      const [batch = 0, channels = 0] = t?.shape ?? [];
      const plane = (t?.data.length ?? 0) / (batch * channels);
      const channel = (c: number): number[] =>
        Array.from({ length: batch * plane }, (_, i) =>
          Number(t?.data[(Math.floor(i / plane) * channels + c) * plane + (i % plane)]),
        );
      const mean = Float32Array.from({ length: channels }, (_, c) => average(channel(c)));
      const variance = Float32Array.from({ length: channels }, (_, c) =>
        average(channel(c).map((v) => (v - (mean[c] ?? 0)) ** 2)),
      );
      return [name, { mean, variance }];
    }),
  );
}

const withNorm = [...forms].filter(([, form]) => form.batchNorm === "nodes").map(([name]) => name);
const folded = [...forms].filter(([, form]) => form.batchNorm === "folded").map(([name]) => name);

const network = (bias: boolean, residual: boolean, normed: boolean): Graph =>
  smallGraph(["N", 4, 8, 8], (b, x) => {
    const a = conv3(b, x, "a", 4, true);
    const c = conv3(b, normed ? norm(b, a, "n") : a, "cc", 4, bias);
    return [residual ? b.op("Add", [c, a]) : c];
  });

const read = (file: string): Graph => normalise(decodeModel(readFileSync(file), { name: file })).graph;

describe("passes/fold-batch-norm", () => {
  for (const name of withNorm) {
    it(`foldBatchNorm() keeps the function of the form ${name}`, async () => {
      const { graph } = normalise(readForm(name));
      const after = checkGraph(foldBatchNorm(graph));
      const left = operatorsOf(after).filter((op) => op === "BatchNormalization").length;
      // a pre-activation network normalises sums and the image itself, and those have no convolution to go into
      assert.ok(name.startsWith("mxnet-v2") ? left > 0 && left < 19 : left === 0);
      assert.ok(difference(await outputOf(graph, images), await outputOf(after, images)) < 1e-4);
    });
  }

  it("foldBatchNorm() folds into a convolution with a bias and one with groups", async () => {
    const graph = smallGraph(["N", 4, 5, 5], (b, x) => {
      const grouped = b.op(
        "Conv",
        [norm(b, conv3(b, x, "a", 6, true), "n"), b.constant(random([6, 2, 1, 1]), "g.weight")],
        { group: 3 },
      );
      return [norm(b, grouped, "nn")];
    });
    const after = foldBatchNorm(graph);
    assert.deepEqual(operatorsOf(after), ["Conv", "Conv"]);
    assert.deepEqual([...after.constants.keys()].toSorted(), ["a.bias_1", "a.weight", "g.bias", "g.weight"]);
    const x = random([2, 4, 5, 5]);
    assert.ok(difference(await outputOf(graph, x), await outputOf(after, x)) < 1e-4);
  });

  it("foldBatchNorm() leaves a convolution alone whose output something else reads, and splits a shared weight", async () => {
    const graph = smallGraph(["N", 2, 5, 5], (b, x) => {
      const a = conv3(b, x, "a", 2);
      const again = b.op("Conv", [norm(b, a, "n"), b.value("a.weight")], { pads: [1, 1, 1, 1] });
      return [b.op("Add", [norm(b, again, "nn"), a])];
    });
    const after = checkGraph(foldBatchNorm(graph));
    assert.deepEqual(operatorsOf(after), ["Conv", "BatchNormalization", "Conv", "Add"]);
    assert.equal(after.constants.get("a.weight"), graph.constants.get("a.weight"));
    const x = random([2, 2, 5, 5]);
    assert.ok(difference(await outputOf(graph, x), await outputOf(after, x)) < 1e-4);
  });
});

describe("passes/batch-norm-as-weights", () => {
  for (const name of ["opset13", "mxnet-v2-opset7", "torch-dynamo-unoptimised"]) {
    it(`batchNormAsWeights() keeps the function and the parameters of the form ${name}`, async () => {
      const { graph } = normalise(readForm(name));
      const after = checkGraph(batchNormAsWeights(graph));
      assert.ok(difference(await outputOf(graph, images), await outputOf(after, images)) < 1e-4);
      for (const parameter of parametersOf(graph)) {
        assert.equal(after.constants.get(parameter), graph.constants.get(parameter));
        assert.ok(after.nodes.some((node) => node.inputs.some((v) => v?.name === parameter)));
      }
    });
  }

  it("batchNormAsWeights() takes a convolution with a bias", async () => {
    const graph = smallGraph(["N", 4, 5, 5], (b, x) => [norm(b, conv3(b, x, "a", 6, true), "n")]);
    const after = batchNormAsWeights(graph);
    const x = random([2, 4, 5, 5]);
    assert.ok(!operatorsOf(after).includes("BatchNormalization"));
    assert.ok(difference(await outputOf(graph, x), await outputOf(after, x)) < 1e-5);
  });
});

describe("passes/batch-norm-training", () => {
  it("batchNormTraining() writes every BatchNormalization in training form and names its running averages", () => {
    const { graph } = normalise(readForm("opset13"));
    const { graph: training, statistics } = batchNormTraining(graph);
    checkGraph(training);
    assert.equal(statistics.length, 20);
    const norms = training.nodes.filter((node) => node.op === "BatchNormalizationTraining");
    assert.equal(norms.length, 20);
    assert.ok(!operatorsOf(training).includes("BatchNormalization"));
    for (const [i, s] of statistics.entries()) {
      const node = norms[i];
      assert.deepEqual([node?.domain, node?.inputs.length], ["onnx-graft", 3]);
      assert.deepEqual(
        node?.outputs.slice(1).map((v) => v.name),
        [s.mean, s.variance],
      );
      assert.equal(node?.inputs[0]?.name, s.input);
      assert.deepEqual(node?.outputs[1]?.shape, graph.constants.get(s.runningMean)?.shape);
      assert.ok(training.constants.has(s.runningMean) && training.constants.has(s.runningVariance));
    }
    assert.equal(statistics[0]?.runningMean, "bn1.running_mean");
    assert.equal(statistics[0]?.runningVariance, "bn1.running_var");
    assert.deepEqual(training.outputs, graph.outputs);
  });

  it("batchNormTraining() keeps epsilon", () => {
    const graph = smallGraph(["N", 4, 5, 5], (b, x) => [norm(b, x, "n")]);
    assert.deepEqual(batchNormTraining(graph).graph.nodes[0]?.attrs, { epsilon: { float: 0.01 } });
  });
});

describe("passes/restore-batch-norm", () => {
  for (const name of folded) {
    it(`restoreBatchNorm() keeps the function of the form ${name}, and folds back`, async () => {
      const { graph } = normalise(readForm(name));
      assert.equal(batchNormPolicy(graph), "folded");
      assert.equal(restorable(graph).length, 20);
      const restored = checkGraph(restoreBatchNorm(graph, await measure(graph, images)));
      assert.equal(batchNormPolicy(restored), "has-batch-norm");
      assert.equal(operatorsOf(restored).filter((op) => op === "BatchNormalization").length, 20);
      const before = await outputOf(graph, images);
      assert.ok(difference(before, await outputOf(restored, images)) < 1e-3);
      const again = foldBatchNorm(restored);
      assert.ok(!operatorsOf(again).includes("BatchNormalization"));
      assert.ok(difference(before, await outputOf(again, images)) < 1e-3);
    });
  }

  it("restoreBatchNorm() makes each convolution's batch mean and variance the running ones", async () => {
    const { graph } = normalise(readForm("opset17"));
    const small = foldBatchNorm(graph);
    const restored = restoreBatchNorm(small, await measure(small, images));
    const first = restored.nodes.find((node) => node.op === "BatchNormalization");
    const conv = restored.nodes.find((node) => node.op === "Conv");
    assert.deepEqual(
      first?.inputs.slice(1).map((v) => v?.name),
      ["scale", "bias", "mean", "variance"].map((s) => `conv1.bn.${s}`),
    );
    assert.equal(conv?.inputs[1]?.name, "conv1.weight");
    assert.equal(conv.inputs.length, 2);
    // in front of BatchNormalization the channels have the spread 1, but for those that are dead
    const output = conv.outputs[0];
    assert.ok(output && first);
    const t = (await runGraph({ ...restored, outputs: [output] }, new Map([["input", images]]))).get(output.name);
    const running = restored.constants.get("conv1.bn.mean")?.data as Float32Array;
    const plane = 32 * 32;
    const values = Array.from({ length: 2 * plane }, (_, i) =>
      Number(t?.data[Math.floor(i / plane) * 8 * plane + (i % plane)]),
    );
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length;
    assert.ok(Math.abs(mean - (running[0] ?? 0)) < 1e-3);
    assert.ok(Math.abs(variance - 1) < 1e-3);
  });

  it("restoreBatchNorm() is exact for a dead channel", async () => {
    const graph = smallGraph(["N", 2, 5, 5], (b, x) => {
      const weight = random([2, 2, 3, 3]);
      const dead = { ...weight, data: (weight.data as Float32Array).map((v, i) => (i < 18 ? 0 : v)) };
      const conv = b.op("Conv", [x, b.constant(dead, "w"), b.constant(random([2], 3), "b")], {}, { outputs: ["c"] });
      return [b.op("Relu", [conv])];
    });
    const x = random([2, 2, 5, 5]);
    const c = graph.nodes[0]?.outputs[0];
    assert.ok(c);
    const values = (await runGraph({ ...graph, outputs: [c] }, new Map([["x", x]]))).get("c");
    const alive = Array.from(values?.data ?? [], Number).filter((_, i) => Math.floor(i / 9) % 2 === 1);
    const m = alive.reduce((a, b) => a + b, 0) / alive.length;
    const v = alive.reduce((a, b) => a + (b - m) ** 2, 0) / alive.length;
    const statistics = { mean: Float32Array.of(Number(values?.data[0]), m), variance: Float32Array.of(0, v) };
    const restored = restoreBatchNorm(graph, new Map([["c", statistics]]));
    assert.ok(difference(await outputOf(graph, x), await outputOf(restored, x)) < 1e-5);
  });

  it("restorable() takes a bias for a folded BatchNormalization in residual networks without any norm alone", () => {
    assert.deepEqual(
      restorable(network(true, true, false)).map((v) => v.name),
      ["a.out", "cc.out"],
    );
    assert.equal(batchNormPolicy(network(true, false, false)), "none");
    assert.equal(batchNormPolicy(network(false, true, false)), "none");
    assert.equal(batchNormPolicy(network(true, true, true)), "has-batch-norm");
    assert.deepEqual(restorable(network(true, true, true)), []);
  });

  it("restorable() leaves out what gives one pixel, and the head", () => {
    const graph = smallGraph(["N", 4, "H", "W"], (b, x) => {
      const sum = b.op("Add", [conv3(b, x, "a", 4, true), x]);
      const gate = b.op("Conv", [
        b.op("GlobalAveragePool", [sum]),
        b.constant(random([4, 4, 1, 1]), "g"),
        b.constant(random([4]), "gb"),
      ]);
      const scaled = b.op("Mul", [sum, b.op("Sigmoid", [gate])]);
      const head = b.op(
        "Conv",
        [scaled, b.constant(random([3, 4, 1, 1]), "h"), b.constant(random([3]), "hb")],
        {},
        { outputs: ["h.out"] },
      );
      return [b.op("Flatten", [b.op("GlobalAveragePool", [head])], { axis: 1 })];
    });
    assert.deepEqual(
      restorable(graph).map((v) => v.name),
      ["a.out"],
    );
  });

  it("restoreBatchNorm() refuses statistics of another value or width", () => {
    const graph = smallGraph(["N", 4, 8, 8], (b, x) => [
      b.op("Relu", [conv3(b, x, "a", 4, true)], {}, { outputs: ["r"] }),
    ]);
    const statistics = { mean: new Float32Array(3), variance: new Float32Array(3) };
    for (const [name, pattern] of [
      ["a.out", /4 channels/],
      ["r", /Relu/],
      ["nothing", /no node/],
    ] as const) {
      assert.throws(() => restoreBatchNorm(graph, new Map([[name, statistics]])), {
        code: "E_GRAPH",
        message: pattern,
      });
    }
  });
});

describe("passes/batch-norm at full size", () => {
  itShared("resnet18-bn folds to the function of resnet18-folded", "models/resnet18-bn.onnx", async function (path) {
    this.timeout(120_000);
    const graph = read(path);
    const reference = read(path.replace("-bn", "-folded"));
    const x = random([1, 3, 64, 64]);
    const expected = await outputOf(reference, x);
    assert.ok(difference(await outputOf(graph, x), expected) < 1e-3);
    const after = foldBatchNorm(graph);
    assert.deepEqual(operatorsOf(after), operatorsOf(reference));
    assert.ok(difference(await outputOf(after, x), expected) < 1e-3);
    const restored = restoreBatchNorm(reference, await measure(reference, random([2, 3, 64, 64], 2)));
    assert.ok(difference(await outputOf(restored, x), expected) < 1e-3);
    const student = replaceHead(restored, { classes: 2, seed: 1 });
    assert.ok(encodeModel({ graph: student, opsets: new Map([["", 17]]), metadata: new Map() }).length > 40_000_000);
  });
});
