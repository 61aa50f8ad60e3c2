import assert from "node:assert/strict";
import { GraphBuilder } from "../../toolkit/graph/builder.ts";
import { operators } from "../../toolkit/operators/index.ts";
import { gradcheckCases } from "../support/gradcheck-cases.ts";

describe("operators/layer-normalization", () => {
  gradcheckCases("LayerNormalization", {
    "the last axis": { of: { x: [3, 6], scale: [6], bias: [6] } },
    "the last axis of tokens": { of: { x: [2, 4, 6], scale: [6], bias: [6] } },
    "without bias": { of: { x: [2, 4, 6], scale: [6] } },
    "two axes": { of: { x: [2, 3, 4], scale: [3, 4], bias: [3, 4] }, attrs: { axis: 1 } },
    "two axes from the end": { of: { x: [2, 3, 4], scale: [3, 4], bias: [3, 4] }, attrs: { axis: -2 } },
    "every axis": { of: { x: [3, 4], scale: [3, 4], bias: [3, 4] }, attrs: { axis: 0 } },
    "a batch of 1": { of: { x: [1, 5], scale: [5], bias: [5] } },
    "another epsilon": { of: { x: [3, 6], scale: [6], bias: [6] }, attrs: { epsilon: { float: 0.3 } } },
    "extents of unknown size": {
      of: { x: ["N", "L", 6], scale: [6], bias: [6] },
      dims: { N: 2, L: 3 },
      unbound: true,
    },
  });

  it("gives out mean and inverse deviation with the axes at extent 1", () => {
    const b = new GraphBuilder(operators);
    const inputs = [b.input("x", "float32", ["N", 3, 4]), b.input("scale", "float32", [3, 4])];
    const shapes = b.ops("LayerNormalization", inputs, { axis: 1 }, { outputCount: 3 }).map((v) => v.shape);
    assert.deepEqual(shapes, [
      ["N", 3, 4],
      ["N", 1, 1],
      ["N", 1, 1],
    ]);
  });
});
