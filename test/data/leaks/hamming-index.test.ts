import assert from "node:assert/strict";
import fc from "fast-check";
import { hammingDistance, hammingIndex } from "../../../toolkit/data/leaks/hamming-index.ts";
import type { HashWords } from "../../../toolkit/data/leaks/perceptual-hash.ts";

const word = fc.integer({ min: 0, max: 0xffffffff });
const hash: fc.Arbitrary<HashWords> = fc.tuple(word, word);
/** Hashes that lie near each other: some bits of one of a few are turned. */
const crowd = fc
  .tuple(
    fc.array(hash, { minLength: 1, maxLength: 3 }),
    fc.array(fc.tuple(fc.nat(2), fc.array(fc.nat(63), { maxLength: 16 }))),
  )
  .map(([centres, turned]) =>
    turned.map(([centre, bits]): HashWords => {
      const words = [...(centres[centre % centres.length] ?? [0, 0])] as [number, number];
      for (const bit of bits) words[bit >> 5] = ((words[bit >> 5] ?? 0) ^ (1 << (bit & 31))) >>> 0;
      return words;
    }),
  );

/** By looking at one bit after the other. */
function distance([a, b]: HashWords, [c, d]: HashWords): number {
  const differing = ((BigInt(a) << 32n) | BigInt(b)) ^ ((BigInt(c) << 32n) | BigInt(d));
  return Array.from({ length: 64 }, (_, bit) => Number((differing >> BigInt(bit)) & 1n)).reduce(
    (sum, one) => sum + one,
    0,
  );
}

describe("data/leaks/hamming-index", () => {
  it("hammingDistance() counts the bits that differ", () => {
    assert.equal(hammingDistance([0, 0], [0xffffffff, 0xffffffff]), 64);
    assert.equal(hammingDistance([0x80000000, 1], [0, 0]), 2);
    fc.assert(fc.property(hash, hash, (a, b) => assert.equal(hammingDistance(a, b), distance(a, b))));
  });

  it("hammingIndex() finds no more than it is asked for", () => {
    const index = hammingIndex(5, 10);
    for (let i = 0; i < 5; i++) index.add([1, i]);
    assert.equal(index.near([1, 0], 3).length, 3);
    assert.equal(index.near([1, 0]).length, 5);
  });

  for (const limit of [0, 1, 3, 4, 7, 10, 15]) {
    it(`hammingIndex() finds all hashes that differ in up to ${limit} bits, each once, and no other`, () => {
      fc.assert(
        fc.property(crowd, (hashes) => {
          const index = hammingIndex(hashes.length, limit);
          for (const [i, own] of hashes.entries()) {
            const expected = [...hashes.keys()].filter((j) => j < i && distance(hashes[j] ?? [0, 0], own) <= limit);
            assert.deepEqual(
              index.near(own).toSorted((a, b) => a - b),
              expected,
            );
            index.add(own);
          }
        }),
        { numRuns: 12 },
      );
    });
  }
});
