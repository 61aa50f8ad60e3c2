import assert from "node:assert/strict";
import { fillNormal, fillUniform, hash, hashText, uniform } from "../../toolkit/graph/random.ts";

const mean = (values: ArrayLike<number>): number => Array.from(values).reduce((a, b) => a + b, 0) / values.length;

describe("graph/random", () => {
  it("hash() is MurmurHash3 x86_32 with seed 0 over little-endian words", () => {
    // mmh3.hash(bytes(8), 0) and mmh3.hash(struct.pack("<4I", 1, 0, 2, 0), 0), unsigned
    assert.equal(hash(0), 1669671676);
    assert.equal(hash(1, 2), 3381608592);
  });

  it("hash() depends on every argument, its position, its sign and its high bits", () => {
    const all = [
      hash(1),
      hash(1, 0),
      hash(0, 1),
      hash(1, 1),
      hash(1, -1),
      hash(1, 2 ** 32),
      hash(1, 2 ** 32 + 1),
      hash(1, 0, 0),
    ];
    assert.equal(new Set(all).size, all.length);
  });

  it("hashText() tells names apart", () => {
    assert.notEqual(hashText("order"), hashText("redor"));
    assert.equal(hashText("flip"), hashText("flip"));
  });

  it("uniform() is the same at every call and lies in [0, 1)", () => {
    for (let i = 0; i < 1000; i++) {
      const u = uniform(3, 4, i);
      assert.ok(u >= 0 && u < 1);
      assert.equal(u, uniform(3, 4, i));
    }
  });

  it("fillUniform() has the mean and the variance of its range, and streams are uncorrelated", () => {
    const a = fillUniform(20_000, 7, 1, -2, 4);
    const b = fillUniform(20_000, 7, 2, -2, 4);
    assert.ok(Math.abs(mean(a) - 1) < 0.05);
    assert.ok(Math.abs(mean(a.map((v) => (v - 1) ** 2)) - 3) < 0.06);
    assert.ok(Math.abs(mean(a.map((v, i) => (v - 1) * ((b[i] ?? 0) - 1)))) < 0.06);
    assert.ok(Math.min(...a.slice(0, 9999)) >= -2 && Math.max(...a.slice(0, 9999)) < 4);
  });

  it("fillNormal() has the mean, the variance and the tails of a normal distribution", () => {
    const a = fillNormal(20_000, 7, 1, 5, 2);
    assert.ok(Math.abs(mean(a) - 5) < 0.05);
    assert.ok(Math.abs(mean(a.map((v) => (v - 5) ** 2)) - 4) < 0.12);
    const outside = a.filter((v) => Math.abs(v - 5) > 4).length / a.length;
    assert.ok(Math.abs(outside - 0.0455) < 0.006);
  });
});
