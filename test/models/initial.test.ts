import assert from "node:assert/strict";
import { initialWeights } from "../../models/initial.ts";
import type { Initial } from "../../models/initial.ts";

const [fanIn, fanOut] = [300, 100];
const LENGTH = 40_000;
const weights = (initial: Initial, seed = 0, stream = 1): Float32Array =>
  initialWeights(initial, LENGTH, { fanIn, fanOut, seed, stream });

const variances: readonly (readonly [Initial, number])[] = [
  ["he-normal", 2 / fanIn],
  ["he-normal-fan-out", 2 / fanOut],
  ["he-uniform", 2 / fanIn],
  ["glorot-normal", 2 / (fanIn + fanOut)],
  ["glorot-uniform", 2 / (fanIn + fanOut)],
  ["pytorch", 1 / (3 * fanIn)],
  [0.01, 0.01 ** 2],
];

describe("models/initial", () => {
  for (const [initial, variance] of variances) {
    it(`initialWeights("${initial}") has mean 0 and variance ${variance.toExponential(2)}`, () => {
      const values = weights(initial);
      const mean = values.reduce((sum, v) => sum + v, 0) / LENGTH;
      const found = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / LENGTH;
      assert.ok(Math.abs(mean) < 4 * Math.sqrt(variance / LENGTH), `mean ${mean}`);
      assert.ok(Math.abs(found / variance - 1) < 0.03, `variance ${found}`);
    });
  }

  it("initialWeights() of uniform kinds stays within sqrt(6 / fan-in), sqrt(6 / (fan-in + fan-out)) and 1 / sqrt(fan-in)", () => {
    const bounds = [
      ["he-uniform", Math.sqrt(6 / fanIn)],
      ["glorot-uniform", Math.sqrt(6 / (fanIn + fanOut))],
      ["pytorch", 1 / Math.sqrt(fanIn)],
    ] as const;
    for (const [initial, bound] of bounds) {
      const largest = weights(initial).reduce((most, v) => Math.max(most, Math.abs(v)), 0);
      assert.ok(largest <= bound * 1.000001 && largest > 0.999 * bound, `${initial} reaches ${largest} of ${bound}`);
    }
  });

  it("initialWeights() depends on the seed and the stream alone", () => {
    assert.deepEqual(weights("he-normal"), weights("he-normal"));
    assert.notDeepEqual(weights("he-normal", 1), weights("he-normal", 0));
    assert.notDeepEqual(weights("he-normal", 0, 2), weights("he-normal", 0, 1));
  });

  it("initialWeights() refuses what no file could hold, instead of asking for the memory", () => {
    const options = { fanIn, fanOut, seed: 0, stream: 1 };
    assert.throws(() => initialWeights("pytorch", 3e11, options), {
      code: "E_SETTING",
      message: /300000000000 weights/,
    });
  });
});
