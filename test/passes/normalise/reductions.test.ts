import assert from "node:assert/strict";
import { int64 } from "../../../toolkit/graph/tensor.ts";
import { oneNode, sameAfter } from "./one-node.ts";

const reductions = ["ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2", "ReduceLogSumExp"];

describe("passes/normalise/reductions", () => {
  for (const type of [...reductions, "ReduceSum", "ReduceSumSquare"]) {
    it(`${type} keeps what it reduces, with its axes as an attribute, as an input, or none`, async () => {
      const first = type === "ReduceSum" ? 13 : 18;
      const axes = { axes: int64([-1, 0]) };
      const shape = [2, 3, 4];
      assert.deepEqual(await sameAfter(oneNode(7, shape, [type, ["x"], ["y"], { axes: [1], keepdims: 0 }])), [type]);
      assert.deepEqual(await sameAfter(oneNode(11, shape, [type, ["x"], ["y"], { axes: [-2] }])), [type]);
      assert.deepEqual(await sameAfter(oneNode(11, shape, [type, ["x"], ["y"], {}])), [type]);
      assert.deepEqual(await sameAfter(oneNode(first, shape, [type, ["x", "axes"], ["y"], {}], axes)), [type]);
      assert.deepEqual(await sameAfter(oneNode(first, shape, [type, ["x"], ["y"], { keepdims: 0 }])), [type]);
    });
  }

  const steps = {
    ReduceSum: "Identity",
    ReduceMean: "Identity",
    ReduceProd: "Identity",
    ReduceLogSumExp: "Identity",
    ReduceL1: "Abs",
    ReduceL2: "Abs",
    ReduceSumSquare: "Mul",
  };
  for (const [type, step] of Object.entries(steps)) {
    it(`${type} of no axes at all is ${step}`, async () => {
      const none = { axes: int64([]) };
      const raw = oneNode(18, [2, 3], [type, ["x", "axes"], ["y"], { noop_with_empty_axes: 1 }], none);
      const [op] = await sameAfter(raw);
      assert.ok(op === step || op === "ReduceSum", op);
    });
  }
});
