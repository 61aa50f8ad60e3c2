import assert from "node:assert/strict";
import { int64 } from "../../../toolkit/graph/tensor.ts";
import type { Graph } from "../../../toolkit/graph/ir.ts";
import { normalise } from "../../../toolkit/passes/normalise.ts";
import { random, rawModel } from "../raw-model.ts";
import type { RawModel } from "../raw-model.ts";

const model = (nodes: RawModel["nodes"]): ReturnType<typeof rawModel> =>
  rawModel({
    opset: 13,
    inputs: { x: [2, 4] },
    constants: { w: random([3, 4], 1), gain: random([3, 1], 2), b: random([3], 3) },
    nodes,
    outputs: ["y"],
  });

const names = ({ constants }: Graph): readonly string[] => [...constants.keys()].toSorted();

describe("passes/normalise with constants to keep", () => {
  it("folds nothing that is computed from them", () => {
    const scaled = model([
      ["Mul", ["w", "gain"], ["scaled"]],
      ["Transpose", ["scaled"], ["turned"], { perm: [1, 0] }],
      ["MatMul", ["x", "turned"], ["y"]],
    ]);
    assert.deepEqual(names(normalise(scaled).graph), ["turned"]);
    const { graph } = normalise(scaled, { keep: ["w", "gain"] });
    assert.deepEqual(names(graph), ["gain", "w"]);
    assert.deepEqual(graph.constants.get("w")?.shape, [3, 4]);
    assert.deepEqual(names(normalise(scaled, { keep: ["gain"] }).graph), ["gain", "w"]);
  });

  it("keeps a weight that is turned for other than a product in the file's orientation", () => {
    const turned = model([
      ["Transpose", ["w"], ["turned"], { perm: [1, 0] }],
      ["MatMul", ["x", "turned"], ["z"]],
      ["MatMul", ["z", "w"], ["u"]],
      ["Add", ["u", "x"], ["y"]],
    ]);
    assert.deepEqual(names(normalise(turned, { keep: ["w"] }).graph), ["w"]);
  });

  it("has one constant for what Identity shares, or one for each name that is asked for", () => {
    const shared = model([
      ["Identity", ["b"], ["b2"]],
      ["Transpose", ["w"], ["turned"], { perm: [1, 0] }],
      ["MatMul", ["x", "turned"], ["z"]],
      ["Add", ["z", "b"], ["u"]],
      ["Add", ["u", "b2"], ["y"]],
    ]);
    assert.deepEqual(names(normalise(shared).graph), ["b", "b2", "w"]);
    assert.deepEqual(names(normalise(shared, { keep: ["b"] }).graph), ["b", "w"]);
    assert.deepEqual(names(normalise(shared, { keep: ["b", "b2"] }).graph), ["b", "b2", "w"]);
  });

  it("keeps a table whose entries are read more than once: they are trained as one", () => {
    const biased = (places: readonly number[]): ReturnType<typeof rawModel> =>
      rawModel({
        opset: 13,
        inputs: { x: [2, 4] },
        constants: { table: random([3, 4], 1), places: int64(places) },
        nodes: [
          ["Gather", ["table", "places"], ["bias"]],
          ["Add", ["x", "bias"], ["y"]],
        ],
        outputs: ["y"],
      });
    assert.deepEqual(names(normalise(biased([2, 2])).graph), ["places", "table"]);
    assert.deepEqual(names(normalise(biased([2, 0])).graph), ["bias"]);
  });
});
