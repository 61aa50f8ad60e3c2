import assert from "node:assert/strict";
import { GraphBuilder } from "../../toolkit/graph/builder.ts";
import type { Graph } from "../../toolkit/graph/ir.ts";
import { float32, sizeOf } from "../../toolkit/graph/tensor.ts";
import { operators } from "../../toolkit/operators/index.ts";
import { firstFilters } from "../../toolkit/report/first-filters.ts";

function network(shape: readonly number[], value: number): Graph {
  const b = new GraphBuilder(operators);
  const x = b.input("x", "float32", [1, shape[1] ?? 0, 8, 8]);
  const filters = b.constant(float32(shape, new Float32Array(sizeOf(shape)).fill(value)), "stem");
  return b.build([b.op("Relu", [b.op("Conv", [x, filters])])]);
}

describe("report/first-filters", () => {
  it("firstFilters() are the first convolution's before and after, of colours or of grey", () => {
    for (const channels of [3, 1]) {
      const found = firstFilters(network([4, channels, 3, 3], 1), network([4, channels, 3, 3], 2));
      assert.equal(found?.name, "stem");
      assert.deepEqual([found.before.data[0], found.after.data[0]], [1, 2]);
    }
  });

  it("firstFilters() has nothing to show of one pixel, of other channels, or without a convolution", () => {
    for (const shape of [
      [4, 3, 1, 1],
      [4, 2, 3, 3],
    ])
      assert.equal(firstFilters(network(shape, 1), network(shape, 2)), undefined);
    const b = new GraphBuilder(operators);
    const dense = b.build([b.op("Relu", [b.input("x", "float32", [1, 3])])]);
    assert.equal(firstFilters(dense, dense), undefined);
  });
});
