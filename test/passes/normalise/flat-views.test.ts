import assert from "node:assert/strict";
import { int64 } from "../../../toolkit/graph/tensor.ts";
import { normalise } from "../../../toolkit/passes/normalise.ts";
import { random, rawModel } from "../raw-model.ts";
import type { RawModel } from "../raw-model.ts";
import { sameAfter } from "./one-node.ts";

/** A file of one picture that gathers places among its flat elements. */
const view = (places: readonly number[]): RawModel => ({
  opset: 18,
  inputs: { x: [1, 4, 2, 2] },
  constants: { all: int64([-1]), places: { ...int64(places), shape: [1, 4, 1, 1] }, w: random([3, 4, 1, 1], 1) },
  nodes: [
    ["GlobalAveragePool", ["x"], ["pooled"]],
    ["Reshape", ["pooled", "all"], ["flat"]],
    ["Gather", ["flat", "places"], ["view"]],
    ["Conv", ["view", "w"], ["y"]],
  ],
  outputs: ["y"],
});

describe("passes/normalise/flat-views", () => {
  it("reads all flat elements in their order as a Reshape, for any number of pictures", async () => {
    assert.ok(!(await sameAfter(view([0, 1, 2, 3]))).includes("Gather"));
    assert.deepEqual(normalise(rawModel(view([0, 1, 2, 3]))).graph.outputs[0]?.shape, ["N", 3, 1, 1]);
  });

  it("leaves another order to Gather, and the file to one picture", async () => {
    assert.ok((await sameAfter(view([0, 2, 1, 3]))).includes("Gather"));
    assert.deepEqual(normalise(rawModel(view([0, 2, 1, 3]))).graph.outputs[0]?.shape, [1, 3, 1, 1]);
  });
});
