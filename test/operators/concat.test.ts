import assert from "node:assert/strict";
import { GraphBuilder } from "../../toolkit/graph/builder.ts";
import type { Dim } from "../../toolkit/graph/ir.ts";
import { int64 } from "../../toolkit/graph/tensor.ts";
import { operators } from "../../toolkit/operators/index.ts";
import { gradcheck } from "../support/gradcheck.ts";

describe("operators/concat", () => {
  const concats: readonly (readonly [string, number, readonly (readonly Dim[])[]])[] = [
    ["one operand", 0, [[2, 3]]],
    ["lists", 0, [[2], [1], [3]]],
    [
      "channels",
      1,
      [
        [2, 1, 3],
        [2, 2, 3],
        [2, 4, 3],
      ],
    ],
    [
      "the last axis",
      -1,
      [
        [1, 2, 2],
        [1, 2, 1],
      ],
    ],
    [
      "the batch from the end",
      -2,
      [
        [1, 3],
        [4, 3],
      ],
    ],
    [
      "channels of a batch of unknown size",
      1,
      [
        ["N", 1, 3],
        ["N", 2, 3],
      ],
    ],
    [
      "one unknown extent between known ones",
      0,
      [
        [2, 2],
        ["A", 2],
        [1, 2],
      ],
    ],
    [
      "known extents between two unknown ones",
      1,
      [
        [2, "A"],
        [2, 3],
        [2, 1],
        [2, "B"],
      ],
    ],
    [
      "an empty operand behind an unknown extent",
      0,
      [
        ["A", 3],
        [0, 3],
      ],
    ],
    ["unknown extents only", -1, [["A"], ["B"], ["A"]]],
  ];
  for (const [name, axis, shapes] of concats) {
    it(`Concat matches finite differences: ${name}`, async () => {
      const dims = { N: 2, A: 3, B: 2 };
      await gradcheck("Concat", shapes, { axis }, { dims, unbound: true });
      await gradcheck("Concat", shapes, { axis }, { dims });
    });
  }

  it("Split matches finite differences with sizes", async () => {
    await gradcheck("Split", [[2, 5], int64([2, 3])], { axis: -1 }, { outputCount: 2 });
    await gradcheck("Split", [[6], int64([1, 2, 3])], {}, { outputCount: 3 });
    await gradcheck("Split", [[1, 4, 2], int64([1, 3])], { axis: -2 }, { outputCount: 2 });
    await gradcheck("Split", [[3, 2, 5], int64([4, 1])], { axis: 2 }, { outputCount: 2 });
    const free = { outputCount: 2, dims: { N: 2, W: 3 }, unbound: true };
    await gradcheck("Split", [["N", 3, "W"], int64([1, 2])], { axis: 1 }, free);
    await gradcheck("Split", [["N", "W"], int64([1, 2])], { axis: 1 }, free);
  });

  it("Split matches finite differences in equal parts", async () => {
    await gradcheck("Split", [[4, 3]], {}, { outputCount: 2 });
    await gradcheck("Split", [["N", "W"]], { axis: -1 }, { outputCount: 3, dims: { N: 2, W: 6 }, unbound: true });
  });

  it("adds symbolic extents", () => {
    const b = new GraphBuilder(operators);
    const joined = (axis: number, ...shapes: readonly (readonly Dim[])[]): readonly Dim[] =>
      b.op(
        "Concat",
        shapes.map((shape) => b.input(b.fresh("x"), "float32", shape)),
        { axis },
      ).shape;
    assert.deepEqual(joined(1, ["N", 3], ["N", 4]), ["N", 7]);
    assert.deepEqual(joined(0, ["N", 3], [2, 3]), ["(N+2)", 3]);
    assert.deepEqual(joined(0, ["(N-2)", 3], [2, 3]), ["N", 3]);
  });
});
