import assert from "node:assert/strict";
import { checkGraph } from "../../toolkit/graph/check.ts";
import { int64 } from "../../toolkit/graph/tensor.ts";
import { operators } from "../../toolkit/operators/index.ts";
import { declaredSize, normalise, sizeDependence, unsupportedOperators } from "../../toolkit/passes/normalise.ts";
import { runGraph } from "../support/run-graph.ts";
import { forms, images, readForm, referenceOutput } from "./form-files.ts";
import { difference, normaliseChecked, operatorsOf, random, rawModel } from "./raw-model.ts";

const pool = (kernel: number): readonly string[] => {
  const nodes = [["AveragePool", ["x"], ["y"], { kernel_shape: [kernel, kernel] }]] as const;
  return operatorsOf(normalise(rawModel({ opset: 17, inputs: { x: [1, 3, 8, 8] }, nodes, outputs: ["y"] })).graph);
};

describe("passes/normalise", () => {
  for (const [name, form] of forms) {
    it(`reads ResNet18 in the form ${name} and keeps its outputs`, async () => {
      const model = readForm(name);
      const { graph, opsets } = normalise(model);
      checkGraph(graph);
      assert.deepEqual([...opsets], [["", 17]]);
      assert.deepEqual(graph.inputs, [{ name: form.input, dtype: "float32", shape: ["N", 3, "H", "W"] }]);
      assert.deepEqual(graph.outputs, [{ name: form.output, dtype: "float32", shape: ["N", 10] }]);
      assert.ok(operatorsOf(graph).every((op) => operators.get(op)?.gradient));
      assert.ok(graph.constants.has(form.headWeight), "the head's weight keeps its name");
      assert.ok([...graph.constants.values()].every((t) => t.dtype === "float32" || t.dtype === "int64"));
      assert.equal(declaredSize(model) ?? null, form.size);
      assert.equal(sizeDependence(graph), undefined);
      const results = await runGraph(graph, new Map([[form.input, images]]));
      assert.ok(difference(results.get(form.output), referenceOutput(name)) < 1e-4);
    });
  }

  it("gives every form the same operators but for BatchNormalization, Softmax and how the pool is flattened", () => {
    const same = new Set(["BatchNormalization", "Softmax", "Flatten", "Reshape", "Squeeze"]);
    const lists = [...forms.keys()]
      .filter((name) => name !== "mxnet-v2-opset7" && name !== "head-hidden")
      .map((name) =>
        operatorsOf(normalise(readForm(name)).graph)
          .filter((op) => !same.has(op))
          .toSorted()
          .join(),
      );
    assert.equal(new Set(lists).size, 1);
  });

  it("gives weights that were shared through Identity a copy each", () => {
    const { graph } = normalise(readForm("torch-legacy-bn-shared"));
    const scales = graph.nodes.filter((node) => node.op === "BatchNormalization").map((node) => node.inputs[1]?.name);
    assert.equal(new Set(scales).size, scales.length);
  });

  it("leaves a weight shared that two nodes read directly", () => {
    const w = random([4, 4]);
    const nodes = [
      ["Gemm", ["x", "w"], ["a"]],
      ["Gemm", ["a", "w"], ["y"]],
    ] as const;
    const { graph } = normalise(
      rawModel({ opset: 13, inputs: { x: ["N", 4] }, constants: { w }, nodes, outputs: ["y"] }),
    );
    assert.deepEqual(
      graph.nodes.map((node) => node.inputs[1]?.name),
      ["w", "w"],
    );
    assert.equal(graph.constants.size, 1);
  });

  it("leaves unnamed nodes unnamed, and constants the same objects", () => {
    const w = random([4, 4]);
    const { graph } = normalise(
      rawModel({
        opset: 17,
        inputs: { x: ["N", 4] },
        constants: { w },
        nodes: [["Gemm", ["x", "w"], ["y"]]],
        outputs: ["y"],
      }),
    );
    assert.equal(graph.nodes[0]?.name, undefined);
    assert.equal(graph.constants.get("w"), w);
  });

  it("keeps the names of outputs that other values stand for", async () => {
    const model = rawModel({
      opset: 17,
      inputs: { x: ["N", 4] },
      nodes: [
        ["Relu", ["x"], ["a"]],
        ["Identity", ["a"], ["one"]],
        ["Dropout", ["a"], ["two"]],
        ["Identity", ["x"], ["three"]],
      ],
      outputs: ["one", "two", "three"],
    });
    await normaliseChecked(model, new Map([["x", random([2, 4])]]));
  });

  it("keeps a declared batch and size that the network depends on, and says which node does", async () => {
    const model = rawModel({
      opset: 17,
      inputs: { x: [1, 3, 8, 8] },
      constants: { w: random([4, 3, 3, 3]), fc: random([10, 144], 2) },
      nodes: [
        ["Conv", ["x", "w"], ["map"]],
        ["Flatten", ["map"], ["flat"]],
        ["Gemm", ["flat", "fc"], ["y"], { transB: 1 }, "classifier"],
      ],
      outputs: ["y"],
    });
    const graph = await normaliseChecked(model, new Map([["x", random([1, 3, 8, 8])]]), 1e-4);
    assert.deepEqual(graph.inputs[0]?.shape, ["N", 3, 8, 8]);
    assert.match(sizeDependence(graph) ?? "", /classifier/);
    assert.equal(declaredSize(model), 8);
  });

  it("keeps a batch that is written into the graph", () => {
    const nodes = [["Concat", ["x", "extra"], ["y"], { axis: 0 }]] as const;
    const { graph } = normalise(
      rawModel({ opset: 17, inputs: { x: [2, 4] }, constants: { extra: random([1, 4]) }, nodes, outputs: ["y"] }),
    );
    assert.deepEqual(graph.inputs[0]?.shape, [2, 4]);
    assert.deepEqual(graph.outputs[0]?.shape, [3, 4]);
  });

  it("does not make an AveragePool global that covers a part of the map", () => {
    assert.deepEqual(pool(7), ["AveragePool"]);
    assert.deepEqual(pool(8), ["GlobalAveragePool"]);
  });

  it("names the first operator that is not supported, its domain and its node", () => {
    const nodes = [
      ["Relu", ["x"], ["a"]],
      ["NonMaxSuppression", ["a"], ["b"], {}, "nms"],
      ["Loop", ["b"], ["y"]],
    ] as const;
    const model = rawModel({ opset: 17, inputs: { x: ["N", 4] }, nodes, outputs: ["y"] });
    const foreign = {
      ...model,
      graph: { ...model.graph, nodes: model.graph.nodes.map((n) => ({ ...n, domain: "com.example" })) },
    };
    assert.throws(() => normalise(model), {
      code: "E_MODEL_OP",
      message: /NonMaxSuppression "nms" of opset 17.*1 other operator/,
    });
    assert.throws(() => normalise(foreign), { code: "E_MODEL_OP", message: /com\.example\.Relu/ });
    assert.deepEqual(
      unsupportedOperators(model).map((n) => n.op),
      ["NonMaxSuppression", "Loop"],
    );
  });

  it("refuses what has no meaning at inference: a Dropout mask that is read", () => {
    const nodes = [
      ["Dropout", ["x"], ["a", "mask"]],
      ["Cast", ["mask"], ["y"], { to: 1 }],
    ] as const;
    const model = rawModel({ opset: 13, inputs: { x: ["N", 4] }, nodes, outputs: ["y", "a"] });
    assert.throws(() => normalise(model), { code: "E_MODEL_OP", message: /output 1 \("mask"\)/ });
  });

  it("says which node does not fit the declared input", () => {
    const nodes = [["Gemm", ["x", "w"], ["y"], {}, "fc"]] as const;
    const model = rawModel({
      opset: 13,
      inputs: { x: [1, 5] },
      constants: { w: random([4, 2]) },
      nodes,
      outputs: ["y"],
    });
    assert.throws(() => normalise(model), { code: "E_SHAPE", message: /fc/ });
  });

  it("follows shapes through arithmetic, so that a Reshape has a constant target", async () => {
    const model = rawModel({
      opset: 13,
      inputs: { x: ["batch", 6, "height", "width"] },
      constants: {
        zero: int64([0]),
        one: int64([1]),
        two: int64([2]),
        three: { ...int64([3]), shape: [] },
        axes: int64([0]),
      },
      nodes: [
        ["Shape", ["x"], ["s"]],
        ["Gather", ["s", "zero"], ["n"]],
        ["Gather", ["s", "one"], ["c"]],
        ["Slice", ["s", "two", "twoEnd", "axes"], ["hw"]],
        ["Div", ["c", "three"], ["third"]],
        ["Concat", ["n", "third", "three1", "minus"], ["target"], { axis: 0 }],
        ["Reshape", ["x", "target"], ["parts"]],
        ["Concat", ["n", "c", "hw"], ["back"], { axis: 0 }],
        ["Reshape", ["parts", "back"], ["y"]],
      ],
      outputs: ["y"],
    });
    const constants = new Map([
      ...model.graph.constants,
      ["twoEnd", int64([4])],
      ["three1", int64([3])],
      ["minus", int64([-1])],
    ] as const);
    const whole = { ...model, graph: { ...model.graph, constants } };
    const graph = await normaliseChecked(whole, new Map([["x", random([2, 6, 4, 5])]]));
    // the second one needs two extents that only the picture gives
    assert.deepEqual(
      operatorsOf(graph).filter((op) => op === "Reshape" || op === "Div"),
      ["Reshape", "Reshape"],
    );
    const first = graph.nodes.find((node) => node.op === "Reshape");
    assert.deepEqual(graph.constants.get(first?.inputs[1]?.name ?? "")?.data, BigInt64Array.of(0n, 2n, 3n, -1n));
  });
});
