import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { float32, int64, scalar } from "../../../toolkit/graph/tensor.ts";
import type { TensorData } from "../../../toolkit/graph/tensor.ts";
import { decodeModel } from "../../../toolkit/onnx/decode.ts";
import { operators } from "../../../toolkit/operators/index.ts";
import { normalise } from "../../../toolkit/passes/normalise.ts";
import { fixture, readJson, readTensor } from "../../support/fixtures.ts";
import type { GoldenTensor } from "../../support/fixtures.ts";
import { normaliseChecked, operatorsOf, random, rawModel } from "../raw-model.ts";
import type { RawModel } from "../raw-model.ts";
import { oneNode as one, sameAfter as same } from "./one-node.ts";

const split = (opset: number, attrs: RawModel["nodes"][number][3], inputs = ["x"], constants = {}): RawModel => ({
  opset,
  inputs: { x: [2, 6] },
  constants,
  nodes: [["Split", inputs, ["y", "z"], { axis: 1, ...attrs }]],
  outputs: ["y", "z"],
});

const mean = (axes: number[], keepdims: number): RawModel =>
  one(13, [2, 3, 4, 4], ["ReduceMean", ["x"], ["y"], { axes, keepdims }]);

const softmax = (shape: number[], attrs = {}, op = "Softmax"): RawModel => one(11, shape, [op, ["x"], ["y"], attrs]);

/** A model of a matrix `x` with weights from either side. */
const products = (nodes: RawModel["nodes"]): RawModel => ({
  opset: 13,
  inputs: { x: [2, 4] },
  constants: { w: random([4, 3], 8), wt: random([3, 4], 9), b: random([3], 10), row: random([1, 3], 11) },
  nodes,
  outputs: ["y"],
});

describe("passes/normalise/rewrites", () => {
  const names = readdirSync(fixture("goldens/operators")).filter((name) => name.endsWith(".onnx"));
  for (const name of names) {
    const model = decodeModel(readFileSync(fixture(`goldens/operators/${name}`)), { name });
    if (model.graph.nodes.some((node) => node.op === "Resize" && !operators.has("Resize"))) {
      it(`refuses ${name.replace(".onnx", "")} by the name of the operator`, () =>
        assert.throws(() => normalise(model), { code: "E_MODEL_OP", message: /Resize/ }));
      continue;
    }
    it(`keeps what ${name.replace(".onnx", "")} gives, and its weights' names`, async () => {
      const golden = readJson<{
        readonly inputs: Record<string, GoldenTensor>;
        readonly gradients: Record<string, GoldenTensor>;
      }>(fixture(`goldens/operators/${name.replace(".onnx", ".json")}`));
      const feeds = new Map(Object.entries(golden.inputs).map(([input, t]) => [input, readTensor(t)]));
      const graph = await normaliseChecked(model, feeds, 1e-5);
      const known = new Set([...graph.constants.keys(), ...graph.inputs.map((v) => v.name)]);
      for (const trained of Object.keys(golden.gradients)) assert.ok(known.has(trained), `${trained} is gone`);
    });
  }

  it("turns attributes of old opsets into inputs", async () => {
    assert.deepEqual(
      await same(one(7, [2, 3], ["Clip", ["x"], ["y"], { min: { float: -0.5 }, max: { float: 0.5 } }])),
      ["Clip"],
    );
    assert.deepEqual(await same(one(7, [2, 3], ["Clip", ["x"], ["y"], { max: { float: 0.5 } }])), ["Clip"]);
    assert.deepEqual(await same(one(9, [2, 1, 3], ["Squeeze", ["x"], ["y"], { axes: [1] }])), ["Squeeze"]);
    assert.deepEqual(await same(one(11, [2, 3], ["Unsqueeze", ["x"], ["y"], { axes: [0, 3] }])), ["Unsqueeze"]);
    assert.deepEqual(await same(one(11, [2, 3], ["ReduceSum", ["x"], ["y"], { axes: [1], keepdims: 0 }])), [
      "ReduceSum",
    ]);
    assert.deepEqual(await same(one(9, [4, 5], ["Slice", ["x"], ["y"], { starts: [1], ends: [-1], axes: [1] }])), [
      "Slice",
    ]);
    assert.deepEqual(await same(one(10, [2, 3], ["Pad", ["x"], ["y"], { pads: [0, 1, 0, 2], value: { float: 2 } }])), [
      "Pad",
    ]);
    assert.deepEqual(await same(one(10, [2, 3], ["Pad", ["x"], ["y"], { pads: [0, 1, 0, 1], mode: "reflect" }])), [
      "Pad",
    ]);
  });

  it("splits by sizes, whether given as an attribute, an input, a number of parts, or not at all", async () => {
    await same(split(11, { split: [2, 4] }));
    await same(split(13, {}, ["x", "sizes"], { sizes: int64([5, 1]) }));
    await same(split(17, {}));
    await same(split(18, { num_outputs: 2 }));
  });

  it("brings opset 18 back: axes of reductions and of Pad", async () => {
    const axes = { axes: int64([-1]) };
    assert.deepEqual(await same(one(18, [2, 3], ["ReduceMax", ["x", "axes"], ["y"], { keepdims: 0 }], axes)), [
      "ReduceMax",
    ]);
    assert.deepEqual(await same(one(18, [2, 3], ["ReduceMean", ["x"], ["y"], {}])), ["ReduceMean"]);
    const none = { none: int64([]) };
    const noop = one(18, [2, 3], ["ReduceMin", ["x", "none"], ["y"], { noop_with_empty_axes: 1 }], none);
    assert.deepEqual(await same(noop), ["Identity"]);
    const pads = { pads: int64([1, 2]), axes: int64([-1]) };
    assert.deepEqual(await same(one(18, [2, 3], ["Pad", ["x", "pads", "", "axes"], ["y"]], pads)), ["Pad"]);
  });

  it("makes a mean over the map GlobalAveragePool, with and without kept axes", async () => {
    assert.deepEqual(await same(mean([-1, 2], 1)), ["GlobalAveragePool"]);
    assert.deepEqual(await same(mean([2, 3], 0)), ["GlobalAveragePool", "Flatten"]);
    assert.deepEqual(await same(mean([1, 2], 1)), ["ReduceMean"]);
  });

  it("keeps Softmax over rows of a matrix as opset 11 had it", async () => {
    assert.deepEqual(await same(softmax([2, 5])), ["Softmax"]);
    assert.deepEqual(await same(softmax([2, 5, 1, 1])), ["Softmax"]);
    assert.deepEqual(await same(softmax([2, 3, 4])), ["Flatten", "Softmax", "Reshape"]);
    assert.deepEqual(await same(softmax([2, 3, 4], { axis: 2 }, "LogSoftmax")), ["LogSoftmax"]);
    assert.deepEqual(await same(softmax([2, 3, 4, 5], { axis: 2 })), ["Flatten", "Softmax", "Reshape"]);
  });

  it("writes what opset 17 has not with what it has", async () => {
    assert.ok(!(await same(one(20, [2, 7], ["Gelu", ["x"], ["y"]]))).includes("Gelu"));
    assert.ok((await same(one(20, [2, 7], ["Gelu", ["x"], ["y"], { approximate: "tanh" }]))).includes("Tanh"));
    await same(one(18, [2, 7], ["Mish", ["x"], ["y"]]));
    await same(one(14, [2, 7], ["HardSwish", ["x"], ["y"]]));
    const layer = { s: random([3, 5], 5), b: random([3, 5], 6) };
    await same(one(17, [2, 3, 5], ["LayerNormalization", ["x", "s", "b"], ["y"], { axis: 1 }], layer));
    await same(
      one(17, [2, 3, 5], ["LayerNormalization", ["x", "s"], ["y"], { axis: -1, stash_type: 1 }], { s: random([5]) }),
    );
    const channels = { s: random([4], 5), b: random([4], 6) };
    await same(one(13, [2, 4, 3, 5], ["InstanceNormalization", ["x", "s", "b"], ["y"]], channels));
    await same(one(21, [2, 4, 3, 5], ["GroupNormalization", ["x", "s", "b"], ["y"], { num_groups: 2 }], channels));
    assert.deepEqual(
      await same({
        opset: 13,
        inputs: { x: [2, 3], z: [3] },
        nodes: [["Sum", ["x", "z", "x"], ["y"]]],
        outputs: ["y"],
      }),
      ["Add", "Add"],
    );
  });

  it("reads GroupNormalization of opset 18, with a scale for each group", () => {
    const constants = { s: random([2], 5), b: random([2], 6) };
    const raw = one(18, [2, 4, 3, 5], ["GroupNormalization", ["x", "s", "b"], ["y"], { num_groups: 2 }], constants);
    const { graph } = normalise(rawModel(raw));
    assert.deepEqual(graph.outputs[0]?.shape.slice(1, 2), [4]);
    assert.ok(graph.constants.has("s") && graph.constants.has("b"));
  });

  it("drops what does nothing at inference", async () => {
    const model: RawModel = {
      opset: 13,
      inputs: { x: [2, 3] },
      constants: { shape: int64([0, 3]) },
      nodes: [
        ["Identity", ["x"], ["a"]],
        ["Dropout", ["a"], ["b"]],
        ["Cast", ["b"], ["c"], { to: 1 }],
        ["Flatten", ["c"], ["d"]],
        ["Reshape", ["d", "shape"], ["e"]],
        ["Relu", ["e"], ["y"]],
      ],
      outputs: ["y"],
    };
    assert.deepEqual(await same(model), ["Relu"]);
  });

  it("widens float16 weights behind Cast, under the weight's own name", async () => {
    const half = { dtype: "float16", shape: [3], data: Uint16Array.of(0x3c00, 0xc000, 0x3555) } as const;
    const model: RawModel = {
      opset: 13,
      inputs: { x: [2, 3] },
      constants: { w: half },
      nodes: [
        ["Cast", ["w"], ["wide"], { to: 1 }],
        ["Mul", ["x", "wide"], ["y"]],
      ],
      outputs: ["y"],
    };
    await same(model);
    const { graph } = normalise(rawModel(model));
    assert.deepEqual(Array.from(graph.constants.get("w")?.data ?? [], Number).slice(0, 2), [1, -2]);
  });

  it("drops the extra outputs and the spatial attribute of an old BatchNormalization", async () => {
    const [s, b, m] = [1, 2, 3].map((seed) => random([3], seed)) as [TensorData, TensorData, TensorData];
    const constants = { s, b, m, v: float32([3], [1, 2, 3]) };
    const node = [
      "BatchNormalization",
      ["x", "s", "b", "m", "v"],
      ["y"],
      { spatial: 1, epsilon: { float: 0.01 } },
    ] as const;
    const raw = one(7, [2, 3, 4, 4], node, constants);
    const { graph } = normalise(rawModel(raw));
    assert.deepEqual(graph.nodes[0]?.attrs, { epsilon: { float: 0.01 } });
    await same(raw);
    const training = {
      ...raw,
      nodes: [[node[0], node[1], ["y", "mean", "var", "sm", "sv"], node[3]]] as RawModel["nodes"],
    };
    assert.equal(normalise(rawModel(training)).graph.nodes[0]?.outputs.length, 1);
  });

  it("makes MatMul and Add one Gemm that keeps the weight as it lies, from either side and through a Transpose", async () => {
    const plain = products([
      ["MatMul", ["x", "w"], ["p"], {}, "fc"],
      ["Add", ["b", "p"], ["y"]],
    ]);
    assert.deepEqual(await same(plain), ["Gemm"]);
    const gemm = normalise(rawModel(plain)).graph.nodes[0];
    assert.deepEqual(
      gemm?.inputs.map((v) => v?.name),
      ["x", "w", "b"],
    );
    assert.deepEqual([gemm?.name, gemm?.attrs["transB"]], ["fc", 0]);
    const turned = products([
      ["Transpose", ["wt"], ["w2"], { perm: [1, 0] }],
      ["MatMul", ["x", "w2"], ["p"]],
      ["Add", ["p", "row"], ["y"]],
    ]);
    assert.deepEqual(await same(turned), ["Gemm"]);
    assert.deepEqual(normalise(rawModel(turned)).graph.nodes[0]?.inputs[1]?.name, "wt");
    const readTwice = { ...plain, outputs: ["y", "p"] };
    assert.deepEqual(await same(readTwice), ["MatMul", "Add"]);
  });

  it("refuses what came after opset 17 and cannot be written with it", () => {
    const dynamic = { ...one(18, [2, 3], ["ReduceMax", ["x", "axes"], ["y"]]), inputs: { x: [2, 3], axes: [1] } };
    assert.throws(() => normalise(rawModel(dynamic)), {
      code: "E_MODEL_OP",
      message: /input 1 \("axes"\) is not a constant/,
    });
  });

  it("computes what depends on constants alone", () => {
    const model = rawModel({
      opset: 17,
      inputs: { x: ["N", 4] },
      constants: { shape: int64([2, 2]), three: scalar(3) },
      nodes: [
        ["ConstantOfShape", ["shape"], ["ones"], { value: float32([1], [1]) }],
        ["Mul", ["ones", "three"], ["threes"]],
        ["Flatten", ["threes"], ["flat"], { axis: 0 }],
        ["Mul", ["x", "flat"], ["y"]],
      ],
      outputs: ["y"],
    });
    const { graph } = normalise(model);
    assert.deepEqual(operatorsOf(graph), ["Mul"]);
    assert.deepEqual(Array.from(graph.constants.get("flat")?.data ?? [], Number), [3, 3, 3, 3]);
  });
});
