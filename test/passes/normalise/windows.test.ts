import assert from "node:assert/strict";
import type { Attributes } from "../../../toolkit/graph/ir.ts";
import { normalise } from "../../../toolkit/passes/normalise.ts";
import { restorable } from "../../../toolkit/passes/restore-batch-norm.ts";
import { random, rawModel } from "../raw-model.ts";
import type { RawModel } from "../raw-model.ts";
import { oneNode, sameAfter } from "./one-node.ts";

const maps = [2, 3, 9, 8];

describe("passes/normalise/windows", () => {
  const pool = (type: string, opset: number, attrs: Attributes): ReturnType<typeof oneNode> =>
    oneNode(opset, maps, [type, ["x"], ["y"], attrs]);
  const dilated = { kernel_shape: [3, 2], dilations: [2, 3] };

  const averages: Readonly<Record<string, Attributes>> = {
    "without padding": dilated,
    "with stride and padding that is not counted": { ...dilated, strides: [2, 1], pads: [2, 1, 1, 1] },
    "with padding that is counted": { ...dilated, pads: [2, 1, 1, 1], count_include_pad: 1 },
    "with ceil_mode": { ...dilated, strides: [3, 2], ceil_mode: 1, pads: [1, 1, 1, 1] },
    "with VALID": { ...dilated, strides: [2, 2], auto_pad: "VALID" },
  };
  for (const [name, attrs] of Object.entries(averages)) {
    it(`writes AveragePool with dilations as a convolution of each channel: ${name}`, async () => {
      assert.deepEqual(await sameAfter(pool("AveragePool", 19, attrs)), ["Conv", "Mul"]);
    });
  }

  it("makes no layer of that convolution: a depthwise network beside it still counts as folded", () => {
    const weights = { w: random([3, 1, 3, 3]), v: random([3, 1, 3, 3], 2), b: random([3], 3), c: random([3], 4) };
    const restorableWith = (attrs: Attributes): readonly string[] => {
      const conv = { group: 3, pads: [1, 1, 1, 1] };
      const nodes: RawModel["nodes"] = [
        ["Conv", ["x", "w", "b"], ["first"], conv],
        ["AveragePool", ["first"], ["mean"], attrs],
        ["Conv", ["mean", "v", "c"], ["y"], conv],
      ];
      const model = rawModel({ opset: 19, inputs: { x: maps }, constants: weights, nodes, outputs: ["y"] });
      return restorable(normalise(model).graph).map((v) => v.name);
    };
    assert.deepEqual(restorableWith({ kernel_shape: [3, 2] }), ["first", "y"]);
    assert.deepEqual(restorableWith(dilated), ["first", "y"]);
  });

  for (const count_include_pad of [0, 1]) {
    for (const opset of [10, 17, 19, 22]) {
      it(`keeps AveragePool of opset ${opset} with ceil_mode and count_include_pad ${count_include_pad}`, async () => {
        const attrs = { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1], ceil_mode: 1, count_include_pad };
        assert.deepEqual(await sameAfter(pool("AveragePool", opset, attrs)), ["AveragePool"]);
      });
    }
  }

  it("writes the pads out where SAME goes with dilations, which ONNX Runtime cannot run", () => {
    const padsOf = (node: RawModel["nodes"][number], weights = {}): unknown =>
      normalise(rawModel(oneNode(11, maps, node, weights))).graph.nodes[0]?.attrs["pads"];
    const same = { auto_pad: "SAME_UPPER", dilations: [2, 3] };
    const w = { w: random([4, 3, 3, 2], 5) };
    assert.deepEqual(padsOf(["Conv", ["x", "w"], ["y"], same], w), [2, 1, 2, 2]);
    assert.deepEqual(padsOf(["Conv", ["x", "w"], ["y"], { ...same, strides: [2, 2] }], w), [2, 1, 2, 1]);
    const lower = { auto_pad: "SAME_LOWER", dilations: [2, 3], kernel_shape: [3, 2] };
    assert.deepEqual(padsOf(["MaxPool", ["x"], ["y"], lower]), [2, 2, 2, 1]);
  });

  it("keeps MaxPool with ceil_mode and dilations of opsets 10 to 22", async () => {
    const attrs = { kernel_shape: [3, 2], strides: [2, 3], dilations: [2, 1], ceil_mode: 1, pads: [1, 0, 1, 1] };
    for (const opset of [10, 12, 22]) assert.deepEqual(await sameAfter(pool("MaxPool", opset, attrs)), ["MaxPool"]);
  });

  it("drops the order of indices that a MaxPool does not give out", () => {
    const attrs = { kernel_shape: [2, 2], storage_order: 1 };
    assert.deepEqual(normalise(rawModel(pool("MaxPool", 11, attrs))).graph.nodes[0]?.attrs, { kernel_shape: [2, 2] });
  });

  it("writes the ceil_mode of LpPool (opset 18) as padding, and moves the elements of its dilated windows together", async () => {
    const attrs = { kernel_shape: [2, 3], strides: [2, 3], p: 3 };
    assert.deepEqual(await sameAfter(pool("LpPool", 11, attrs)), ["LpPool"]);
    assert.deepEqual(await sameAfter(pool("LpPool", 18, { ...attrs, ceil_mode: 1 })), ["LpPool"]);
    const gathered = ["Gather", "Gather", "LpPool"];
    assert.deepEqual(await sameAfter(pool("LpPool", 18, { ...dilated, p: 1 })), gathered);
    const wide = { ...dilated, strides: [2, 1], pads: [1, 1, 2, 1], ceil_mode: 1 };
    assert.deepEqual(await sameAfter(pool("LpPool", 18, wide)), ["Pad", ...gathered]);
  });

  const transposed: Readonly<Record<string, Attributes>> = {
    SAME_UPPER: { auto_pad: "SAME_UPPER", strides: [2, 3] },
    SAME_LOWER: { auto_pad: "SAME_LOWER", strides: [2, 2], dilations: [2, 1] },
    "an output shape": { output_shape: [18, 17], strides: [2, 2] },
    "an output shape and SAME_UPPER": { output_shape: [17, 18], strides: [2, 2], auto_pad: "SAME_UPPER" },
  };
  for (const [name, attrs] of Object.entries(transposed)) {
    it(`writes the pads of a ConvTranspose out: ${name}`, async () => {
      const raw = oneNode(11, maps, ["ConvTranspose", ["x", "w"], ["y"], attrs], { w: random([3, 2, 3, 4], 5) });
      assert.deepEqual(await sameAfter(raw), ["ConvTranspose"]);
    });
  }
});
