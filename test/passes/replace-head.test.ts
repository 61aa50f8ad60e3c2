import assert from "node:assert/strict";
import { checkGraph } from "../../toolkit/graph/check.ts";
import { normalise } from "../../toolkit/passes/normalise.ts";
import { findHead } from "../../toolkit/passes/find-head.ts";
import {
  HEAD_BIAS,
  HEAD_WEIGHT,
  HIDDEN_BIAS,
  HIDDEN_WEIGHT,
  LOGITS,
  replaceHead,
} from "../../toolkit/passes/replace-head.ts";
import { trainingDropout } from "../../toolkit/passes/training-dropout.ts";
import { runGraph } from "../support/run-graph.ts";
import { forms, images, readForm } from "./form-files.ts";
import { difference, operatorsOf, random } from "./raw-model.ts";
import { conv3, smallGraph } from "./small-graph.ts";

const { graph } = normalise(readForm("opset13"));

const weights = (seed: number): Float32Array =>
  replaceHead(graph, { classes: 50, seed }).constants.get(HEAD_WEIGHT)?.data as Float32Array;

const wrong = (options: object): void =>
  assert.throws(() => replaceHead(graph, { classes: 5, seed: 1, ...options }), { code: "E_SETTING" });

describe("passes/replace-head", () => {
  it("puts a layer of K classes on the feature and keeps the backbone's constants the same objects", async () => {
    const student = checkGraph(replaceHead(graph, { classes: 5, seed: 1 }));
    assert.deepEqual(student.outputs, [{ name: LOGITS, dtype: "float32", shape: ["N", 5] }]);
    assert.deepEqual(student.constants.get(HEAD_WEIGHT)?.shape, [5, 24]);
    assert.deepEqual(student.constants.get(HEAD_BIAS)?.shape, [5]);
    for (const [name, t] of student.constants)
      if (!name.startsWith("head.")) assert.equal(t, graph.constants.get(name));
    assert.ok(!student.constants.has("fc.weight"));
    const feature = findHead(graph).feature;
    const features = (await runGraph({ ...graph, outputs: [feature] }, new Map([["input", images]]))).get(feature.name);
    const results = await runGraph(
      { ...student, outputs: [feature, ...student.outputs] },
      new Map([["input", images]]),
    );
    assert.equal(difference(results.get(feature.name), features), 0);
    const [w, bias] = [HEAD_WEIGHT, HEAD_BIAS].map((name) => student.constants.get(name)?.data as Float32Array);
    const first = Array.from({ length: 24 }, (_, i) => Number(features?.data[i]) * (w?.[i] ?? 0)).reduce(
      (a, b) => a + b,
      bias?.[0] ?? 0,
    );
    assert.ok(Math.abs(first - Number(results.get(LOGITS)?.data[0])) < 1e-5);
  });

  it("starts uniform in +-1/sqrt(F), by the seed alone", () => {
    const a = weights(1);
    const bound = 1 / Math.sqrt(24);
    assert.ok(a.every((v) => Math.abs(v) <= bound));
    const variance = a.reduce((s, v) => s + v * v, 0) / a.length;
    assert.ok(Math.abs(variance / (bound ** 2 / 3) - 1) < 0.1);
    assert.deepEqual(a, weights(1));
    assert.notDeepEqual(a, weights(2));
  });

  for (const name of forms.keys()) {
    it(`gives the form ${name} a new head that runs`, async () => {
      const before = normalise(readForm(name)).graph;
      const student = checkGraph(replaceHead(before, { classes: 3, seed: 1 }));
      const results = await runGraph(student, new Map([[student.inputs[0]?.name ?? "", images]]));
      assert.deepEqual(results.get(LOGITS)?.shape, [2, 3]);
    });
  }

  it("adds a hidden layer and a dropout, which does nothing at inference", async () => {
    const student = checkGraph(replaceHead(graph, { classes: 5, seed: 1, hidden: 7, dropout: 0.25 }));
    assert.deepEqual(operatorsOf(student).slice(-4), ["Gemm", "Relu", "Dropout", "Gemm"]);
    assert.deepEqual(student.constants.get(HIDDEN_WEIGHT)?.shape, [7, 24]);
    assert.deepEqual(student.constants.get(HIDDEN_BIAS)?.shape, [7]);
    assert.deepEqual(student.constants.get(HEAD_WEIGHT)?.shape, [5, 7]);
    const plain = replaceHead(graph, { classes: 5, seed: 1, hidden: 7 });
    const feeds = new Map([["input", images]]);
    const [a, b] = [await runGraph(student, feeds), await runGraph(plain, feeds)];
    assert.equal(difference(a.get(LOGITS), b.get(LOGITS)), 0);
  });

  it("averages a map that is named as the feature", async () => {
    const map = graph.nodes.findLast((node) => node.op === "Relu")?.outputs[0];
    assert.ok(map);
    const student = checkGraph(replaceHead(graph, { classes: 5, seed: 1, feature: map.name }));
    const results = await runGraph(student, new Map([["input", images]]));
    const usual = await runGraph(replaceHead(graph, { classes: 5, seed: 1 }), new Map([["input", images]]));
    assert.ok(difference(results.get(LOGITS), usual.get(LOGITS)) < 1e-6);
    assert.ok(student.nodes.some((node) => node.outputs[0]?.name === `${map.name}.pooled`));
  });

  it("refuses impossible settings", () => {
    wrong({ classes: 0 });
    wrong({ classes: 1.5 });
    wrong({ hidden: -1 });
    wrong({ dropout: 1 });
    const open = smallGraph(["N", "F"], (b, x) => [b.op("Gemm", [x, b.constant(random([4, 4]), "w")])]);
    assert.throws(() => replaceHead(open, { classes: 5, seed: 1 }), { code: "E_NO_FEATURE" });
  });
});

describe("passes/training-dropout", () => {
  it("writes each Dropout as a product with a mask input of its shape", async () => {
    const small = smallGraph(["N", 3, 4, 4], (b, x) => {
      const a = b.op("Dropout", [conv3(b, x, "a", 2), b.scalar(0.25)], {}, { outputs: ["a2"] });
      return [b.op("Dropout", [b.op("Relu", [a])], {}, { outputs: ["y"] })];
    });
    const { graph: training, masks } = trainingDropout(small);
    checkGraph(training);
    assert.deepEqual(
      masks.map((m) => [m.input.name, m.ratio]),
      [
        ["dropout_mask_0", 0.25],
        ["dropout_mask_1", 0.5],
      ],
    );
    assert.deepEqual(masks[0]?.input.shape, ["N", 2, 4, 4]);
    assert.ok(!operatorsOf(training).includes("Dropout"));
    const x = random([1, 3, 4, 4]);
    const [ones, zeros] = [1, 0].map(
      (v) => ({ dtype: "float32", shape: [1, 2, 4, 4], data: new Float32Array(32).fill(v) }) as const,
    );
    assert.ok(ones && zeros);
    const run = (mask: typeof ones) =>
      runGraph(
        training,
        new Map([
          ["x", x],
          ["dropout_mask_0", ones],
          ["dropout_mask_1", mask],
        ]),
      );
    const plain = (await runGraph(small, new Map([["x", x]]))).get("y");
    assert.equal(difference((await run(ones)).get("y"), plain), 0);
    assert.ok((await run(zeros)).get("y")?.data.every((v) => Number(v) === 0));
  });

  it("names masks as no value of the graph is named", () => {
    const taken = smallGraph(["N", 4], (b, x) => {
      const kept = b.op("Dropout", [x, b.scalar(0.25)]);
      return [b.op("Relu", [kept], {}, { outputs: ["dropout_mask_0"] })];
    });
    const { graph: training, masks } = trainingDropout(taken);
    checkGraph(training);
    assert.deepEqual(
      masks.map(({ input }) => input.name),
      ["dropout_mask_1"],
    );
  });

  it("returns a graph without Dropout as it is", () => {
    assert.equal(trainingDropout(graph).graph, graph);
  });
});
