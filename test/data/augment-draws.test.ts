import assert from "node:assert/strict";
import { dirichlet, shuffled, wholeBetween } from "../../toolkit/data/augment-draws.ts";
import type { Roll } from "../../toolkit/data/augment-step.ts";
import { uniform } from "../../toolkit/graph/random.ts";

function rolling(seed: number): Roll {
  let i = 0;
  return () => uniform(seed, 1, i++);
}

/** Mean and variance. */
function moments(values: readonly number[]): readonly [number, number] {
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  return [mean, values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length];
}

describe("data/augment-draws", () => {
  it("wholeBetween() draws both ends and all between them equally often", () => {
    const roll = rolling(1);
    const counts = new Map<number, number>();
    for (let i = 0; i < 5000; i++) {
      const drawn = wholeBetween(roll, -2, 2);
      counts.set(drawn, (counts.get(drawn) ?? 0) + 1);
    }
    assert.deepEqual(
      [...counts.keys()].toSorted((a, b) => a - b),
      [-2, -1, 0, 1, 2],
    );
    for (const count of counts.values()) assert.ok(Math.abs(count - 1000) < 115, `${count}`);
  });

  it("shuffled() makes each order of three equally often", () => {
    const roll = rolling(2);
    const counts = new Map<string, number>();
    for (let i = 0; i < 6000; i++) {
      const order = shuffled(roll, 3).join("");
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    assert.equal(counts.size, 6);
    for (const count of counts.values()) assert.ok(Math.abs(count - 1000) < 120, `${count}`);
  });

  for (const alpha of [0.2, 1, 4]) {
    it(`dirichlet() has the mean and the variance of its distribution at ${alpha}`, () => {
      const roll = rolling(3);
      const shares = Array.from({ length: 20_000 }, () => dirichlet(roll, 3, alpha));
      for (const row of shares) assert.ok(Math.abs(row.reduce((sum, v) => sum + v, 0) - 1) < 1e-9);
      const [mean, variance] = moments(shares.map(([first = 0]) => first));
      const expected = ((1 / 3) * (2 / 3)) / (3 * alpha + 1);
      assert.ok(Math.abs(mean - 1 / 3) < 5 * Math.sqrt(expected / 20_000), `${mean}`);
      assert.ok(Math.abs(variance / expected - 1) < 0.05, `${variance / expected}`);
    });
  }

  it("dirichlet() gives even shares where alpha is so small that all numbers are 0", () => {
    for (const share of dirichlet(() => 0.9, 4, 1e-6)) assert.equal(share, 0.25);
  });
});
