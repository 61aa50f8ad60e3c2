import assert from "node:assert/strict";
import type { Attributes } from "../../../toolkit/graph/ir.ts";
import { inferElements } from "../../../toolkit/passes/normalise/elements.ts";
import type { Elements } from "../../../toolkit/passes/normalise/elements.ts";

const known = (shape: readonly number[], ...elements: readonly (number | string)[]): Elements => ({ shape, elements });

function infer(op: string, inputs: readonly Elements[], attrs: Attributes = {}): Elements | undefined {
  const types = inputs.map(({ shape }) => ({ dtype: "int64", shape }) as const);
  return inferElements(op, attrs, types, inputs, "y");
}

describe("passes/normalise/elements", () => {
  it("computes with shapes element by element, and a single one with each", () => {
    assert.deepEqual(infer("Add", [known([2], 1, 2), known([2], 10, 20)]), known([2], 11, 22));
    assert.deepEqual(infer("Mul", [known([], 3), known([2], "N", 2)]), known([2], "N*3", 6));
    assert.deepEqual(infer("Add", [known([2, 2], 1, 2, 3, 4), known([1], 1)]), known([2, 2], 2, 3, 4, 5));
    assert.deepEqual(infer("Concat", [known([1], "N"), known([2], 3, 4)], { axis: 0 }), known([3], "N", 3, 4));
  });

  it("knows nothing of other broadcasting, nor of joined matrices", () => {
    assert.equal(infer("Add", [known([2, 1], 1, 2), known([1, 3], 1, 2, 3)]), undefined);
    assert.equal(infer("Add", [known([1, 1], 1), known([3], 1, 2, 3)]), undefined);
    assert.equal(infer("Equal", [known([2], 1, 2), known([2, 2], 1, 2, 3, 4)]), undefined);
    assert.equal(infer("Concat", [known([1, 2], 1, 2), known([1, 2], 3, 4)], { axis: 0 }), undefined);
    const rows = known([2, 2], 1, 2, 3, 4);
    assert.equal(infer("Where", [known([2], 1, 0), rows, rows]), undefined);
  });

  it("says no number for a division by 0", () => {
    assert.deepEqual(infer("Div", [known([1], 5), known([1], 0)]), known([1], "y[0]"));
  });
});
