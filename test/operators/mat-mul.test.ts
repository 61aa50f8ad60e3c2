import assert from "node:assert/strict";
import { gradcheckCases } from "../support/gradcheck-cases.ts";
import { shapeOf } from "../support/shape-of.ts";

describe("operators/mat-mul", () => {
  gradcheckCases("MatMul", {
    "two matrices": { of: { a: [3, 4], b: [4, 5] } },
    "one row": { of: { a: [1, 4], b: [4, 5] } },
    "stacks of matrices": { of: { a: [2, 3, 4], b: [2, 4, 5] } },
    "a stack by a matrix": { of: { a: [2, 3, 4], b: [4, 5] } },
    "a stack of stacks by a matrix": { of: { a: [2, 2, 3, 4], b: [4, 5] } },
    "a matrix by a stack": { of: { a: [3, 4], b: [2, 4, 5] } },
    "stacks that broadcast": { of: { a: [2, 1, 3, 4], b: [3, 4, 5] } },
    "a stack of one by many": { of: { a: [1, 3, 4], b: [2, 4, 5] } },
    "a vector by a matrix": { of: { a: [4], b: [4, 5] } },
    "a matrix by a vector": { of: { a: [3, 4], b: [4] } },
    "a vector by a stack": { of: { a: [4], b: [2, 4, 5] } },
    "a stack by a vector": { of: { a: [2, 3, 4], b: [4] } },
    "two vectors": { of: { a: [4], b: [4] } },
    "a batch of unknown size": { of: { a: ["N", 3, 4], b: [4, 5] }, dims: { N: 2 }, unbound: true },
    "attention over tokens of unknown number": {
      of: { a: ["N", 2, "L", 4], b: ["N", 2, 4, "L"] },
      dims: { N: 2, L: 3 },
      unbound: true,
    },
  });

  it("drops the axis of a vector and refuses what does not fit", () => {
    assert.deepEqual(shapeOf("MatMul", [["N", 3, 4], [4]]), ["N", 3]);
    assert.deepEqual(shapeOf("MatMul", [[4], [2, 4, 5]]), [2, 5]);
    assert.throws(
      () =>
        shapeOf("MatMul", [
          [3, 4],
          [5, 4],
        ]),
      /Cannot multiply \[3,4\] by \[5,4\] in MatMul/,
    );
  });
});
