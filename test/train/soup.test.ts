import assert from "node:assert/strict";
import { float32, int64 } from "../../toolkit/graph/tensor.ts";
import type { Tensors } from "../../toolkit/runtime/runtime.ts";
import { greedySoup, meanOf } from "../../toolkit/train/soup.ts";

const weights = (x: number): Tensors => new Map([["w", float32([1], [x])]]);
/** The nearer to 3 the better. */
const distance = (t: Tensors): number => Math.abs(Number(t.get("w")?.data[0]) - 3);
const candidate = (x: number): { weights: Tensors; evaluation: number } => ({
  weights: weights(x),
  evaluation: distance(weights(x)),
});
const options = {
  evaluate: (t: Tensors): Promise<number> => Promise.resolve(distance(t)),
  isBetter: (a: number, b: number): boolean => a < b,
};

describe("train/soup", () => {
  it("greedySoup() takes in what makes the mean no worse, and leaves out what does", async () => {
    const soup = await greedySoup([4, 2, 9, 3].map(candidate), options);
    // 4 and 2 give 3; with 9 it would be 5; with 3 it stays 3
    assert.deepEqual(soup.members, [0, 1, 3]);
    assert.deepEqual([...(soup.weights.get("w")?.data ?? [])], [3]);
    assert.equal(soup.evaluation, 0);
  });

  it("greedySoup() is the best candidate alone where no other helps", async () => {
    const soup = await greedySoup([3, 9].map(candidate), options);
    assert.deepEqual(soup.members, [0]);
    assert.equal(soup.weights.get("w")?.data[0], 3);
  });

  it("meanOf() adds up in double precision and leaves whole numbers alone", () => {
    const list = [1, 2 ** -24, 2 ** -24].map((x) => new Map([...weights(x), ["n", int64([7])] as const]));
    const mean = meanOf(list);
    assert.equal(mean.get("w")?.data[0], Math.fround((1 + 2 ** -23) / 3));
    assert.equal(mean.get("n"), list[0]?.get("n"));
  });
});
