import assert from "node:assert/strict";
import { errorCode } from "../../toolkit/errors.ts";
import { randomBatch } from "../../toolkit/train/random-batch.ts";
import { smallGraph } from "../passes/small-graph.ts";

describe("train/random-batch", () => {
  const pictures = smallGraph(["N", 3, "H", "W"], (b, x) => [b.op("Relu", [x])]);

  it("randomBatch makes pictures that differ from each other, of mean 0 and about unit variance, labelled in turn", () => {
    const { inputs, labels, weight, count } = randomBatch(pictures, { rows: 6, classes: 4, sizePx: 24 });
    const x = inputs.get("x");
    assert.deepEqual(x?.shape, [6, 3, 24, 24]);
    assert.deepEqual([[...labels], [...weight], count], [[0, 1, 2, 3, 0, 1], [1, 1, 1, 1, 1, 1], 6]);
    const data = x.data as Float32Array;
    const mean = data.reduce((sum, v) => sum + v, 0) / data.length;
    const variance = data.reduce((sum, v) => sum + (v - mean) ** 2, 0) / data.length;
    assert.ok(Math.abs(mean) < 0.3 && variance > 0.5 && variance < 2, `${mean} ${variance}`);
    const size = 3 * 24 * 24;
    const means = Array.from({ length: 6 }, (_, i) => data[i * size]);
    assert.equal(new Set(means).size, 6);
  });

  it("says the same for the same seed, and other things for another", () => {
    const one = (seed: number): unknown => randomBatch(pictures, { rows: 2, classes: 2, sizePx: 8, seed });
    assert.deepEqual(one(1), one(1));
    assert.notDeepEqual(one(1), one(2));
  });

  it("keeps the extents that the graph declares, and takes rows of features", () => {
    const fixed = smallGraph([2, 1, 28, 28], (b, x) => [b.op("Relu", [x])]);
    assert.deepEqual(randomBatch(fixed, { rows: 3, classes: 2 }).inputs.get("x")?.shape, [3, 1, 28, 28]);
    const features = smallGraph(["N", 5], (b, x) => [b.op("Relu", [x])]);
    assert.deepEqual(randomBatch(features, { rows: 3, classes: 2 }).inputs.get("x")?.shape, [3, 5]);
  });

  it("refuses a graph with other inputs", () => {
    const sequence = smallGraph(["N", 5, 6], (b, x) => [b.op("Relu", [x])]);
    assert.throws(
      () => randomBatch(sequence, { rows: 1, classes: 2 }),
      (error) => errorCode(error) === "E_GRAPH",
    );
  });
});
