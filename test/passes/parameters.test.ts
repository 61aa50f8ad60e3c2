import assert from "node:assert/strict";
import type { GraphBuilder } from "../../toolkit/graph/builder.ts";
import type { Value } from "../../toolkit/graph/ir.ts";
import { float32, int64, sizeOf } from "../../toolkit/graph/tensor.ts";
import type { TensorData } from "../../toolkit/graph/tensor.ts";
import { normalise } from "../../toolkit/passes/normalise.ts";
import { depthsOf, parametersOf } from "../../toolkit/passes/parameters.ts";
import { random, rawModel } from "./raw-model.ts";
import type { RawModel } from "./raw-model.ts";
import { conv3, norm, smallGraph } from "./small-graph.ts";

/** Parameters of a graph that a convolution "a" begins, written on by `write`. */
function parametersBehind(write: (b: GraphBuilder, map: Value) => Value): readonly string[] {
  return parametersOf(smallGraph(["N", 3, 8, 8], (b, x) => [write(b, conv3(b, x, "a", 4))]));
}

const vector = (b: GraphBuilder, name: string, seed = 1): Value => b.constant(random([4, 1, 1], seed), name);

describe("passes/parameters", () => {
  it("finds the weights that operators declare, but not running statistics", () => {
    assert.deepEqual(
      parametersBehind((b, map) => norm(b, map, "n")),
      ["a.weight", "n.weight", "n.bias"],
    );
  });

  it("finds scales and biases that Mul and Add join to what is computed, through a change of shape", () => {
    const found = parametersBehind((b, map) => {
      const scale = b.op("Unsqueeze", [b.constant(random([4]), "gamma"), b.ints([1, 2])]);
      return b.op("Add", [vector(b, "beta"), b.op("Mul", [map, scale])]);
    });
    assert.deepEqual(found, ["a.weight", "gamma", "beta"]);
  });

  it("finds a token that is joined by Concat, but no padding", () => {
    const found = parametersBehind((b, map) => {
      const token = b.op("Expand", [b.constant(random([1, 1, 1, 8]), "token"), b.ints([2, 4, 1, 8])]);
      const padding = b.constant(float32([2, 4, 1, 8], new Float32Array(64)), "padding");
      return b.op("Concat", [token, map, padding], { axis: 2 });
    });
    assert.deepEqual(found, ["a.weight", "token"]);
  });

  it("leaves single numbers, masks, Sub, Div and Pow alone", () => {
    const found = parametersBehind((b, map) => {
      const mask = Float32Array.from({ length: 8 }, (_, i) => (i < 3 ? 0 : -100));
      const closed = Float32Array.from([0, 1, 2, -Infinity, 0, 0, 0, 0]);
      const scaled = b.op("Mul", [b.op("Add", [map, b.scalar(1e-5)]), b.constant(float32([1], [0.5]), "temperature")]);
      const masked = b.op("Add", [scaled, b.constant(float32([8], mask), "mask")]);
      const open = b.op("Add", [masked, b.constant(float32([8], closed), "closed")]);
      const centred = b.op("Div", [b.op("Sub", [open, vector(b, "mean")]), vector(b, "deviation", 2)]);
      return b.op("Pow", [centred, vector(b, "exponent", 3)]);
    });
    assert.deepEqual(found, ["a.weight"]);
  });

  it("leaves what normalises the pictures alone", () => {
    const graph = smallGraph(["N", 3, 8, 8], (b, x) => {
      const scaled = b.op("Mul", [x, b.constant(random([3, 1, 1]), "scale")]);
      return [conv3(b, b.op("Add", [scaled, b.constant(random([3, 1, 1], 2), "shift")]), "a", 4)];
    });
    assert.deepEqual(parametersOf(graph), ["a.weight"]);
  });

  it("leaves an InstanceNormalization without weights of its own alone", () => {
    const found = parametersBehind((b, map) => {
      const ones = b.constant(float32([4], [1, 1, 1, 1]), "ones");
      const zeros = b.constant(float32([4], [0, 0, 0, 0]), "zeros");
      const plain = b.op("InstanceNormalization", [map, ones, zeros]);
      return b.op("InstanceNormalization", [
        plain,
        b.constant(random([4]), "scale"),
        b.constant(random([4], 2), "bias"),
      ]);
    });
    assert.deepEqual(found, ["a.weight", "scale", "bias"]);
  });

  it("leaves what normalise makes up alone: the ones of a dilated average, the taps of a smooth Resize", () => {
    const w = random([4, 4, 1, 1]);
    const learntIn = (opset: number, node: RawModel["nodes"][number], sizes = {}): readonly string[] => {
      const nodes: RawModel["nodes"] = [["Conv", ["x", "w"], ["a"]], node, ["Conv", ["b", "v"], ["y"]]];
      const constants = { w, v: random([2, 4, 1, 1], 2), ...sizes };
      return parametersOf(
        normalise(rawModel({ opset, inputs: { x: [1, 4, 8, 8] }, constants, nodes, outputs: ["y"] })).graph,
      );
    };
    const dilated = { kernel_shape: [2, 2], dilations: [2, 2] };
    assert.deepEqual(learntIn(19, ["AveragePool", ["a"], ["b"], dilated]), ["w", "v"]);
    const smooth = { antialias: 1, mode: "linear" };
    const sizes = { sizes: int64([1, 4, 5, 3]) };
    assert.deepEqual(learntIn(18, ["Resize", ["a", "", "", "sizes"], ["b"], smooth], sizes), ["w", "v"]);
  });

  it("finds a constant of the file whose name is a plain one", () => {
    assert.deepEqual(
      parametersBehind((b, map) => b.op("Add", [map, vector(b, "const_0")])),
      ["a.weight", "const_0"],
    );
  });

  it("finds a token of zeros that is repeated for every picture, but no map of zeros", () => {
    const zeros = (name: string, shape: readonly number[]): Record<string, TensorData> => ({
      [name]: float32(shape, new Float32Array(sizeOf(shape))),
    });
    const model = rawModel({
      opset: 14,
      inputs: { x: [1, 3, 4, 4] },
      constants: {
        w: random([8, 3, 4, 4]),
        ...zeros("token", [1, 1, 8]),
        ...zeros("map", [1, 2, 1, 1]),
        s: int64([0, 8, 1]),
      },
      nodes: [
        ["Conv", ["x", "w"], ["a"]],
        ["Concat", ["a", "map"], ["wide"], { axis: 1 }],
        ["Reshape", ["a", "s"], ["columns"]],
        ["Transpose", ["columns"], ["rows"], { perm: [0, 2, 1] }],
        ["Concat", ["token", "rows"], ["y"], { axis: 1 }],
      ],
      outputs: ["y", "wide"],
    });
    assert.deepEqual(parametersOf(normalise(model).graph), ["w", "token"]);
  });

  it("depthsOf() counts from the stem to the head", () => {
    const graph = smallGraph(["N", 3, 8, 8], (b, x) => [
      conv3(b, b.op("Mul", [conv3(b, x, "a", 4), vector(b, "scale")]), "c", 2, true),
    ]);
    assert.deepEqual(
      [...depthsOf(graph)],
      [
        ["a.weight", 0],
        ["scale", 0.5],
        ["c.weight", 1],
        ["c.bias", 1],
      ],
    );
  });
});
