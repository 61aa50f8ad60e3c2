import assert from "node:assert/strict";
import { weightedOrder } from "../../toolkit/data/weighted-order.ts";

describe("data/weighted-order", () => {
  it("weightedOrder() draws each index in proportion to its weight", () => {
    const drawn = weightedOrder([1, 0, 3, 6], 20_000, 5, 0);
    const shares = [0, 1, 2, 3].map((i) => drawn.filter((v) => v === i).length / drawn.length);
    // three standard deviations of a share of 20,000 draws are 0.011 at the most
    for (const [i, expected] of [0.1, 0, 0.3, 0.6].entries())
      assert.ok(Math.abs((shares[i] ?? 1) - expected) < 0.011, `index ${i}: ${shares[i]}`);
    assert.equal(shares[1], 0);
  });

  it("weightedOrder() is the same for the same seed and epoch, and another for any other", () => {
    const order = (seed: number, epoch: number): Int32Array => weightedOrder([1, 2, 3], 50, seed, epoch);
    assert.deepEqual(order(1, 0), order(1, 0));
    assert.notDeepEqual(order(1, 0), order(1, 1));
    assert.notDeepEqual(order(1, 0), order(2, 0));
  });

  it("weightedOrder() draws a place by itself: a longer epoch begins as a shorter one", () => {
    const weights = Array.from({ length: 9 }, (_, i) => i);
    assert.deepEqual(weightedOrder(weights, 40, 3, 2).subarray(0, 15), weightedOrder(weights, 15, 3, 2));
  });

  it("weightedOrder() refuses weights of which none is above 0", () => {
    assert.throws(() => weightedOrder([0, 0], 2, 0, 0), { code: "E_SETTING", message: /none of 2 weights is above 0/ });
  });
});
