import assert from "node:assert/strict";
import { GraphBuilder } from "../../toolkit/graph/builder.ts";
import { int64 } from "../../toolkit/graph/tensor.ts";
import { operators } from "../../toolkit/operators/index.ts";
import { gradcheck } from "../support/gradcheck.ts";

describe("operators/top-k", () => {
  const values = { draw: "distinct", outputCount: 2, outputs: [0] } as const;
  for (const largest of [0, 1]) {
    it(`matches finite differences: the ${largest ? "largest" : "smallest"}`, async () => {
      await gradcheck("TopK", [[5], int64([2])], { largest }, values);
      await gradcheck("TopK", [[2, 4], int64([1])], { largest }, values);
      await gradcheck("TopK", [[4, 3], int64([2])], { largest, axis: 0 }, values);
      await gradcheck("TopK", [[1, 3, 4], int64([3])], { largest, axis: -2 }, values);
      await gradcheck("TopK", [["N", 5], int64([5])], { largest }, { ...values, dims: { N: 2 }, unbound: true });
    });
  }

  it("has as many values as asked for, and indices of them", () => {
    const b = new GraphBuilder(operators);
    const types = b.ops("TopK", [b.input("x", "float32", ["N", 9]), b.ints([3])], {}, { outputCount: 2 });
    assert.deepEqual(
      types.map(({ dtype }) => dtype),
      ["float32", "int64"],
    );
    for (const { shape } of types) assert.deepEqual(shape, ["N", 3]);
  });
});
