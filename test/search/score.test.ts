import assert from "node:assert/strict";
import { openIndex } from "../../toolkit/search/open-index.ts";
import type { SearchOptions } from "../../toolkit/search/label-index.ts";
import { labelNorm } from "../../toolkit/search/score.ts";
import { memoryStore } from "../../toolkit/search/stores/memory.ts";
import { photo } from "../support/store-suite.ts";

/** Four photos whose scores can be worked out by hand. */
async function ranked(query: string, options: SearchOptions = {}): Promise<[string | undefined, number][]> {
  const index = await openIndex(memoryStore());
  await index.add([
    photo("both", { cat: 0.6, dog: 0.5 }),
    photo("mostly cat", { cat: 0.95, dog: 0.05 }),
    photo("dog", { dog: 0.8 }),
    photo("bird", { bird: 0.3 }),
  ]);
  return (await index.search(query, options)).map((hit) => [hit.paths[0], Number(hit.score.toFixed(6))]);
}

describe("search/score", () => {
  it("ranks AND by its smallest weight", async () => {
    assert.deepEqual(await ranked("cat dog"), [
      ["both", 0.5],
      ["mostly cat", 0.05],
    ]);
  });

  it("ranks OR by its largest weight", async () => {
    assert.deepEqual(await ranked("cat OR dog"), [
      ["mostly cat", 0.95],
      ["dog", 0.8],
      ["both", 0.6],
    ]);
  });

  it("multiplies a boosted weight", async () => {
    assert.deepEqual(await ranked("cat OR dog^2"), [
      ["dog", 1.6],
      ["both", 1],
      ["mostly cat", 0.95],
    ]);
  });

  it("lets a label below its bound count for nothing", async () => {
    assert.deepEqual(await ranked("cat>0.9 OR dog"), [
      ["mostly cat", 0.95],
      ["dog", 0.8],
      ["both", 0.5],
    ]);
  });

  it("lets a part that does not hold count for nothing", async () => {
    assert.deepEqual(await ranked("(cat -dog<0.1) OR dog"), [
      ["dog", 0.8],
      ["both", 0.6],
      ["mostly cat", 0.05],
    ]);
  });

  it("gives a negation no score of its own", async () => {
    assert.deepEqual(
      (await ranked("-cat")).map(([, score]) => score),
      [0, 0],
    );
    assert.deepEqual(await ranked("dog -cat"), [["dog", 0.8]]);
    assert.deepEqual(await ranked("dog cat<0.5"), [["dog", 0.8]]);
  });

  it("asks minWeight of labels without a bound, negated ones too", async () => {
    assert.deepEqual(await ranked("dog", { minWeight: 0.5 }), [
      ["dog", 0.8],
      ["both", 0.5],
    ]);
    assert.deepEqual(await ranked("dog>0.01 -cat", { minWeight: 0.7 }), [
      ["dog", 0.8],
      ["both", 0.5],
    ]);
  });

  it("ranks by cosine, where a rare label counts more", async () => {
    // idf cat = ln(1 + 4/2), dog = ln(1 + 4/3), each rounded to thousandths; norms sqrt(.61), sqrt(.905), .8
    const [cat, dog] = [1.099, 0.847];
    const cosine = (c: number, d: number): number => (cat * c + dog * d) / Math.hypot(c, d) / Math.hypot(cat, dog);
    const expected = [
      ["both", cosine(0.6, 0.5)],
      ["mostly cat", cosine(0.95, 0.05)],
      ["dog", cosine(0, 0.8)],
    ] as const;
    const found = await ranked("cat OR dog", { rank: "cosine" });
    assert.deepEqual(
      found.map(([path]) => path),
      expected.map(([path]) => path),
    );
    for (const [i, [, score]] of found.entries()) assert.ok(Math.abs(score - (expected[i]?.[1] ?? NaN)) < 2e-6);
  });

  it("ranks a photo of one label alone above one that has it heavier among others", async () => {
    assert.deepEqual(
      (await ranked("dog", { rank: "cosine" })).map(([path]) => path),
      ["dog", "both", "mostly cat"],
    );
  });

  it("labelNorm() is the length of the vector", () => {
    assert.equal(labelNorm([300_000, 400_000]), 500_000);
    assert.equal(labelNorm([]), 0);
  });
});
