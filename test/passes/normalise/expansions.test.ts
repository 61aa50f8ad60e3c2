import assert from "node:assert/strict";
import { float32, int64 } from "../../../toolkit/graph/tensor.ts";
import type { TensorData } from "../../../toolkit/graph/tensor.ts";
import { normalise } from "../../../toolkit/passes/normalise.ts";
import { runGraph } from "../../support/run-graph.ts";
import { difference, normaliseChecked, operatorsOf, random, rawModel, runModel } from "../raw-model.ts";
import { encodeModel } from "../../../toolkit/onnx/encode.ts";

const token = random([1, 2, 1]);
const x = random([3, 2, 4, 4], 2);
const rest = {
  opset: 14,
  outputs: ["y"],
  constants: { token, one: int64([1]), two: int64([2]), map: int64([0, 2, -1]) },
};
const feeds = new Map([["x", x]]);

describe("passes/normalise/expansions", () => {
  it("writes a token that is expanded to the batch so that the batch stays known", async () => {
    const model = rawModel({
      ...rest,
      inputs: { x: ["batch", 2, 4, 4] },
      nodes: [
        ["Shape", ["x"], ["shape"]],
        ["Slice", ["shape", "zero", "one"], ["rows"]],
        ["Concat", ["rows", "two", "one"], ["wanted"], { axis: 0 }],
        ["Expand", ["token", "wanted"], ["tokens"]],
        ["Reshape", ["x", "map"], ["flat"]],
        ["Concat", ["tokens", "flat"], ["y"], { axis: 2 }],
      ],
      constants: { ...rest.constants, zero: int64([0]) },
    });
    const graph = await normaliseChecked(model, feeds);
    assert.deepEqual(graph.outputs[0]?.shape.slice(0, 2), ["N", 2]);
    assert.ok(!operatorsOf(graph).includes("Expand"));
    assert.equal(graph.constants.get("token"), model.graph.constants.get("token"));
  });

  it("follows -1 in PyTorch's expand, which the old exporter writes as Where and Equal", async () => {
    const model = rawModel({
      ...rest,
      inputs: { x: ["batch", 2, 4, 4] },
      nodes: [
        ["Shape", ["x"], ["shape"]],
        ["Slice", ["shape", "zero", "one"], ["rows"]],
        ["Concat", ["rows", "kept", "kept"], ["asked"], { axis: 0 }],
        ["Equal", ["asked", "unset"], ["isKept"]],
        ["Where", ["isKept", "ones", "asked"], ["wanted"]],
        ["Expand", ["token", "wanted"], ["y"]],
      ],
      constants: {
        ...rest.constants,
        zero: int64([0]),
        kept: int64([-1]),
        unset: int64([-1, -1, -1]),
        ones: int64([1, 1, 1]),
      },
    });
    assert.deepEqual((await normaliseChecked(model, feeds)).outputs[0]?.shape, ["N", 2, 1]);
  });

  it("leaves an Expand to numbers as it is, and drops one that changes nothing", async () => {
    const expanded = (wanted: readonly number[]): ReturnType<typeof rawModel> =>
      rawModel({
        ...rest,
        inputs: { x: ["batch", 2, 4, 4] },
        nodes: [
          ["Abs", ["x"], ["a"]],
          ["Expand", ["a", "wanted"], ["y"]],
        ],
        constants: { wanted: int64(wanted) },
      });
    assert.deepEqual(operatorsOf(await normaliseChecked(expanded([1, 1, 4, 4]), feeds)), ["Abs"]);
    const one = new Map([["x", random([3, 2, 4, 1])]]);
    const wide = { ...expanded([1, 1, 1, 5]) };
    const graph = { ...wide.graph, inputs: [{ name: "x", dtype: "float32", shape: ["batch", 2, 4, 1] }] } as const;
    assert.deepEqual(operatorsOf(await normaliseChecked({ ...wide, graph }, one)), ["Abs", "Expand"]);
  });

  it("joins a token to any number of pictures in a file for one", async () => {
    const model = rawModel({
      ...rest,
      inputs: { x: [1, 2, 4, 4] },
      nodes: [
        ["Reshape", ["x", "map"], ["flat"]],
        ["Concat", ["token", "flat"], ["y"], { axis: -1 }],
      ],
    });
    const { graph } = normalise(model);
    assert.deepEqual(graph.outputs[0]?.shape.slice(0, 2), ["N", 2]);
    const all = (await runGraph(graph, feeds)).get("y");
    assert.ok(all);
    for (const row of [0, 1, 2]) {
      const picture = { ...x, shape: [1, 2, 4, 4], data: (x.data as Float32Array).slice(row * 32, (row + 1) * 32) };
      const alone = (await runModel(encodeModel(model), new Map([["x", picture]]))).get("y");
      const part: TensorData = {
        ...x,
        shape: [1, 2, 17],
        data: (all.data as Float32Array).slice(row * 34, (row + 1) * 34),
      };
      assert.equal(difference(alone, part), 0);
    }
  });

  it("fills a shape that is computed from the batch so that the batch stays known, whatever the file's precision", async () => {
    const half = { dtype: "float16", shape: [1], data: Uint16Array.of(0x3e00) } as const;
    const filled = (batch: number | string, value: TensorData): ReturnType<typeof rawModel> =>
      rawModel({
        ...rest,
        inputs: { x: [batch, 2, 4, 4] },
        nodes: [
          ["Shape", ["x"], ["shape"]],
          ["Slice", ["shape", "zero", "one"], ["rows"]],
          ["Concat", ["rows", "two", "one"], ["wanted"], { axis: 0 }],
          ["ConstantOfShape", ["wanted"], ["tokens"], { value }],
          ["Reshape", ["x", "map"], ["flat"]],
          ["Concat", ["tokens", "flat"], ["y"], { axis: 2 }],
        ],
        constants: { ...rest.constants, zero: int64([0]) },
      });
    for (const batch of ["batch", 1]) {
      const { graph } = normalise(filled(batch, half));
      assert.deepEqual(graph.outputs[0]?.shape.slice(0, 2), ["N", 2]);
      const y = (await runGraph(graph, feeds)).get("y");
      assert.deepEqual(y?.shape, [3, 2, 17]);
      assert.equal(y?.data[17], 1.5);
    }
    await normaliseChecked(filled("batch", float32([1], [1.5])), feeds);
  });

  it("fills a shape in single precision where the batch is not the first of its extents", async () => {
    const half = { dtype: "float16", shape: [1], data: Uint16Array.of(0x3e00) } as const;
    const model = rawModel({
      ...rest,
      inputs: { x: ["batch", 2, 4, 4] },
      nodes: [
        ["Shape", ["x"], ["shape"]],
        ["Slice", ["shape", "zero", "one"], ["rows"]],
        ["Concat", ["two", "rows"], ["wanted"], { axis: 0 }],
        ["ConstantOfShape", ["wanted"], ["fill"], { value: half }],
        ["Transpose", ["x"], ["columns"], { perm: [2, 3, 1, 0] }],
        ["Add", ["columns", "fill"], ["y"]],
      ],
      constants: { ...rest.constants, zero: int64([0]) },
    });
    const y = (await runGraph(normalise(model).graph, feeds)).get("y");
    assert.deepEqual(y?.shape, [4, 4, 2, 3]);
    assert.ok(Math.abs(Number(y?.data[0]) - Number(x.data[0]) - 1.5) < 1e-6);
  });

  it("keeps the batch of what is expanded to the shape of another value, or to the file's own number of pictures", async () => {
    const lengths = rawModel({
      ...rest,
      inputs: { x: ["batch", 2, 4, 4] },
      nodes: [
        ["ReduceL2", ["x"], ["length"], { axes: [3] }],
        ["Shape", ["x"], ["wanted"]],
        ["Expand", ["length", "wanted"], ["lengths"]],
        ["Div", ["x", "lengths"], ["y"]],
      ],
    });
    assert.deepEqual((await normaliseChecked(lengths, feeds)).outputs[0]?.shape, ["N", "H", "W", 4]);
    const literal = rawModel({
      ...rest,
      inputs: { x: [1, 2, 4, 4] },
      nodes: [
        ["Reshape", ["x", "rows"], ["parts"]],
        ["ReduceSum", ["parts", "two"], ["sum"]],
        ["Expand", ["sum", "wanted"], ["y"]],
      ],
      constants: { ...rest.constants, rows: int64([2, 4, 4]), wanted: int64([2, 4, 3]) },
    });
    const graph = await normaliseChecked(literal, new Map([["x", random([1, 2, 4, 4], 2)]]));
    assert.deepEqual(graph.outputs[0]?.shape.slice(1), [4, 3]);
  });
});
