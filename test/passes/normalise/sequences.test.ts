import assert from "node:assert/strict";
import { int64, scalar } from "../../../toolkit/graph/tensor.ts";
import type { TensorData } from "../../../toolkit/graph/tensor.ts";
import { normalise, unsupportedOperators } from "../../../toolkit/passes/normalise.ts";
import { rawModel } from "../raw-model.ts";
import type { RawModel } from "../raw-model.ts";
import { sameAfter } from "./one-node.ts";

const constants = { zero: scalar(0, "int64"), one: scalar(1, "int64"), two: scalar(2, "int64") };

/** Splits x [2,5,3] and joins the first parts again in another order. */
function split(sizes: TensorData | undefined, axis: number, keepdims = 1): RawModel {
  const inputs = sizes ? ["x", "sizes"] : ["x"];
  return {
    opset: 18,
    inputs: { x: [2, 5, 3] },
    constants: { ...constants, ...(sizes ? { sizes } : {}) },
    nodes: [
      ["SplitToSequence", inputs, ["parts"], { axis, keepdims }],
      ["SequenceAt", ["parts", "one"], ["second"]],
      ["SequenceAt", ["parts", "zero"], ["first"]],
      ["Concat", ["second", "first"], ["y"], { axis: 1 }],
    ],
    outputs: ["y"],
  };
}

describe("passes/normalise/sequences", () => {
  it("reads parts of given sizes, of one size with a shorter last one, and single entries", async () => {
    assert.deepEqual(await sameAfter(split(int64([1, 4]), 1)), ["Slice", "Slice", "Concat"]);
    assert.deepEqual(await sameAfter(split(scalar(3, "int64"), 1)), ["Slice", "Slice", "Concat"]);
    assert.deepEqual(await sameAfter(split(undefined, 2)), ["Slice", "Slice", "Concat"]);
    const single = ["Slice", "Squeeze", "Slice", "Squeeze", "Concat"];
    assert.deepEqual(await sameAfter(split(undefined, 0, 0)), single);
  });

  it("reads sizes and places that Constant nodes hold", async () => {
    const { nodes, ...rest } = split(undefined, 1);
    const [, ...others] = nodes;
    await sameAfter({
      ...rest,
      constants: {},
      nodes: [
        ["Constant", [], ["sizes"], { value_ints: [2, 3] }],
        ["Constant", [], ["zero"], { value_int: 0 }],
        ["Constant", [], ["one"], { value: constants.one }],
        ["SplitToSequence", ["x", "sizes"], ["parts"], { axis: 1 }],
        ...others,
      ],
    });
  });

  it("refuses a part that is not there and a place that is computed", () => {
    const { nodes, ...rest } = split(int64([1, 4]), 1);
    const [first, , ...others] = nodes;
    assert.ok(first);
    for (const place of ["two", "computed"]) {
      const model = rawModel({
        ...rest,
        nodes: [first, ["Size", ["x"], ["computed"]], ["SequenceAt", ["parts", place], ["second"]], ...others],
      });
      assert.throws(() => normalise(model), { code: "E_MODEL_OP", message: /SplitToSequence/ });
      assert.ok(unsupportedOperators(model).length > 0);
    }
    assert.deepEqual(unsupportedOperators(rawModel(split(int64([1, 4]), 1))), []);
  });
});
