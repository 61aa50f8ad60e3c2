import assert from "node:assert/strict";
import { operators } from "../../toolkit/operators/index.ts";
import { gradcheckCases } from "../support/gradcheck-cases.ts";
import { shapeOf } from "../support/shape-of.ts";

describe("operators/softmax", () => {
  for (const type of ["Softmax", "LogSoftmax"]) {
    gradcheckCases(type, {
      "the last axis": { of: { x: [3, 5] } },
      "the first axis": { of: { x: [3, 5] }, attrs: { axis: 0 } },
      "an axis from the end": { of: { x: [2, 3, 4, 2] }, attrs: { axis: -3 } },
      "a batch of 1": { of: { x: [1, 6] }, attrs: { axis: 1 } },
      "a vector": { of: { x: [4] } },
      "one class": { of: { x: [3, 1] } },
      "the channels of a batch of unknown size": {
        of: { x: ["N", 3, 4] },
        attrs: { axis: 1 },
        dims: { N: 2 },
        unbound: true,
      },
    });
  }

  it("Hardmax keeps the shape and has a gradient of zero", () => {
    assert.deepEqual(shapeOf("Hardmax", [["N", 3]]), ["N", 3]);
    assert.equal(operators.get("Hardmax")?.gradient, null);
  });
});
