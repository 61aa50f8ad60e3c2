import assert from "node:assert/strict";
import { gradcheckCases } from "../support/gradcheck-cases.ts";
import { shapeOf } from "../support/shape-of.ts";

describe("operators/gemm", () => {
  for (const transA of [0, 1]) {
    for (const transB of [0, 1]) {
      const of = { a: transA ? [4, 3] : [3, 4], b: transB ? [5, 4] : [4, 5], c: [3, 5] };
      const attrs = { transA, transB, alpha: { float: 0.5 }, beta: { float: 2 } };
      gradcheckCases("Gemm", { [`transA ${transA}, transB ${transB}, alpha and beta`]: { of, attrs } });
    }
  }
  gradcheckCases("Gemm", {
    "c for each column": { of: { a: [3, 4], b: [4, 5], c: [5] } },
    "c for each row": { of: { a: [3, 4], b: [4, 5], c: [3, 1] } },
    "c of one row": { of: { a: [3, 4], b: [4, 5], c: [1, 5] } },
    "a scalar c": { of: { a: [3, 4], b: [4, 5], c: [] } },
    "one element as c": { of: { a: [3, 4], b: [4, 5], c: [1] } },
    "one row": { of: { a: [1, 4], b: [4, 5], c: [5] } },
    "one row, one column, both transposed": {
      of: { a: [4, 1], b: [1, 4], c: [1] },
      attrs: { transA: 1, transB: 1 },
    },
    "no c, a batch of unknown size": {
      of: { a: ["N", 4], b: [5, 4] },
      attrs: { transB: 1 },
      dims: { N: 3 },
      unbound: true,
    },
  });

  it("refuses matrices that do not fit", () => {
    assert.deepEqual(
      shapeOf(
        "Gemm",
        [
          ["N", 4],
          [5, 4],
        ],
        { transB: 1 },
      ),
      ["N", 5],
    );
    assert.throws(
      () =>
        shapeOf("Gemm", [
          [3, 4],
          [5, 4],
        ]),
      /Cannot multiply \[3,4\] by \[5,4\] in Gemm/,
    );
  });
});
