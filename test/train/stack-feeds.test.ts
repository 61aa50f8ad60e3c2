import assert from "node:assert/strict";
import { float32, int64, scalar } from "../../toolkit/graph/tensor.ts";
import type { TensorData } from "../../toolkit/graph/tensor.ts";
import { STEPS } from "../../toolkit/lowering/repeat.ts";
import { stackFeeds } from "../../toolkit/train/stack-feeds.ts";

const feeds = (i: number): ReadonlyMap<string, TensorData> =>
  new Map([
    ["x", float32([1, 2], [i, i + 0.5])],
    ["rate", scalar(i)],
    ["ids", int64([10 * i])],
  ]);

describe("train/stack-feeds", () => {
  it("stackFeeds() lays the tensors of several steps one after the other, scalars too, and says how many there are", () => {
    assert.deepEqual(
      stackFeeds([feeds(1), feeds(2), feeds(3)]),
      new Map([
        ["x", float32([3, 1, 2], [1, 1.5, 2, 2.5, 3, 3.5])],
        ["rate", float32([3], [1, 2, 3])],
        ["ids", { ...int64([10, 20, 30]), shape: [3, 1] }],
        [STEPS, { ...int64([3]), shape: [] }],
      ]),
    );
  });

  it("stackFeeds() copies nothing of a single step", () => {
    const single = feeds(4);
    const stacked = stackFeeds([single]);
    assert.deepEqual(stacked.get("x")?.shape, [1, 1, 2]);
    assert.deepEqual(stacked.get("rate")?.shape, [1]);
    assert.equal(stacked.get("x")?.data, single.get("x")?.data);
    assert.deepEqual(stacked.get(STEPS), { ...int64([1]), shape: [] });
  });

  it("stackFeeds() changes nothing it is given", () => {
    const given = [feeds(1), feeds(2)];
    stackFeeds(given);
    assert.deepEqual(given, [feeds(1), feeds(2)]);
  });
});
