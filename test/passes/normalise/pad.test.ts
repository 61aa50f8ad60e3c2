import assert from "node:assert/strict";
import { int64, scalar } from "../../../toolkit/graph/tensor.ts";
import { normalise } from "../../../toolkit/passes/normalise.ts";
import { rawModel } from "../raw-model.ts";
import { oneNode, sameAfter } from "./one-node.ts";

describe("passes/normalise/pad", () => {
  for (const mode of ["constant", "edge", "reflect"]) {
    it(`reads every form from opset 7 to 23: ${mode}`, async () => {
      for (const opset of [7, 10]) {
        const attrs = { pads: [0, 1, 0, 2], mode, value: { float: 0.5 } };
        assert.deepEqual(await sameAfter(oneNode(opset, [2, 3], ["Pad", ["x"], ["y"], attrs])), ["Pad"]);
      }
      for (const opset of [11, 13, 18, 19, 21, 23]) {
        const pads = { p: int64([0, 1, 0, 2]), v: scalar(0.5) };
        assert.deepEqual(await sameAfter(oneNode(opset, [2, 3], ["Pad", ["x", "p", "v"], ["y"], { mode }], pads)), [
          "Pad",
        ]);
      }
      const some = { p: int64([1, 2]), a: int64([-1]) };
      assert.deepEqual(await sameAfter(oneNode(18, [2, 3], ["Pad", ["x", "p", "", "a"], ["y"], { mode }], some)), [
        "Pad",
      ]);
    });
  }

  it("joins the ends of an axis for the mode of opset 19", async () => {
    const wrap = (shape: readonly number[], pads: readonly number[]): Promise<readonly string[]> =>
      sameAfter(oneNode(19, shape, ["Pad", ["x", "p"], ["y"], { mode: "wrap" }], { p: int64(pads) }));
    assert.deepEqual(await wrap([2, 3], [0, 1, 0, 1]), ["Slice", "Slice", "Concat"]);
    assert.deepEqual(await wrap([4], [3, 0]), ["Slice", "Concat"]);
    await wrap([2, 3, 4], [1, 2, 0, 2, 0, 3]);
    await wrap([1, 2, 4], [0, 0, 4, 0, 2, 4]);
  });

  it("refuses to wrap more than there is, and pads that are computed", () => {
    const wide = oneNode(19, [1, 3], ["Pad", ["x", "p"], ["y"], { mode: "wrap" }], { p: int64([0, 4, 0, 0]) });
    assert.throws(() => normalise(rawModel(wide)), { code: "E_MODEL_OP", message: /it wraps 4 elements of 3/ });
    const fed = { ...oneNode(13, [2, 3], ["Pad", ["x", "p"], ["y"]]), inputs: { x: [2, 3], p: [4] } };
    assert.throws(() => normalise(rawModel(fed)), { code: "E_MODEL_OP", message: /input 1 \("p"\) is not a constant/ });
  });
});
