import assert from "node:assert/strict";
import fc from "fast-check";
import {
  averagePrecision,
  meanAveragePrecision,
  meanReciprocalRank,
  normalisedGain,
  precisionAt,
  rankByScore,
  reciprocalRank,
} from "../../toolkit/search/metrics.ts";
import type { JudgedSearch } from "../../toolkit/search/metrics.ts";

const search = (ranked: string, relevant: string): JudgedSearch<string> => ({
  ranked: Array.from(ranked),
  relevant: new Set(relevant),
});

const near = (found: number, expected: number): void =>
  assert.ok(Math.abs(found - expected) < 1e-12, `${found}, expected ${expected}`);

/** A ranking of some of 0..9, what is relevant of them, and what each is worth. */
const searches = fc
  .record({
    order: fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
    relevant: fc.subarray([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
    gains: fc.dictionary(
      fc.constantFrom("0", "1", "2", "3", "4", "5", "6", "7", "8", "9"),
      fc.integer({ min: 0, max: 3 }),
    ),
    k: fc.integer({ min: 1, max: 12 }),
  })
  .map(({ order, relevant, gains, k }) => ({
    ranked: order,
    relevant: new Set(relevant),
    gains: new Map(Object.entries(gains).map(([id, gain]) => [Number(id), gain])),
    k,
  }));

/** The definition word by word: for each relevant thing, how much of what stands down to it is relevant. */
function precisionsOf({ ranked, relevant }: JudgedSearch<number>): readonly number[] {
  return [...relevant].map((id) => {
    const rank = ranked.indexOf(id) + 1;
    const above = ranked.filter((_, i) => i < rank);
    return rank === 0 ? 0 : above.filter((other) => relevant.has(other)).length / rank;
  });
}

function permutations<T>(values: readonly T[]): readonly (readonly T[])[] {
  if (values.length === 0) return [[]];
  return values.flatMap((first, i) => permutations(values.toSpliced(i, 1)).map((rest) => [first].concat(rest)));
}

describe("search/metrics", () => {
  it("averagePrecision() is the mean of 1/1, 2/3 and 3/6 where three are found at ranks 1, 3 and 6", () => {
    near(averagePrecision(search("axbyzc", "abc")), (1 + 2 / 3 + 3 / 6) / 3);
  });

  it("averagePrecision() counts what was not returned as 0", () => {
    near(averagePrecision(search("xa", "ab")), 1 / 2 / 2);
    assert.equal(averagePrecision(search("", "ab")), 0);
    assert.equal(averagePrecision(search("xy", "ab")), 0);
  });

  it("averagePrecision() is 1 where all that is relevant comes first, whatever follows", () => {
    assert.equal(averagePrecision(search("bacxyz", "abc")), 1);
  });

  it("averagePrecision() follows the definition", () => {
    fc.assert(
      fc.property(searches, (judged) => {
        const precisions = precisionsOf(judged);
        const expected = precisions.length === 0 ? 0 : precisions.reduce((a, b) => a + b, 0) / precisions.length;
        near(averagePrecision(judged), expected);
      }),
    );
  });

  it("averagePrecision() never falls when something relevant moves up by one place", () => {
    fc.assert(
      fc.property(searches, fc.nat(8), ({ ranked, relevant }, at) => {
        const [above, below] = [ranked[at], ranked[at + 1]];
        fc.pre(above !== undefined && below !== undefined && relevant.has(below) && !relevant.has(above));
        const swapped = ranked.with(at, below).with(at + 1, above);
        assert.ok(averagePrecision({ ranked: swapped, relevant }) > averagePrecision({ ranked, relevant }));
      }),
    );
  });

  it("a search for which nothing is relevant scores 0, and counts in the means", () => {
    const empty = search("abc", "");
    assert.deepEqual([averagePrecision(empty), precisionAt(empty, 2), reciprocalRank(empty)], [0, 0, 0]);
    assert.equal(meanAveragePrecision([search("a", "a"), empty]), 0.5);
    assert.equal(meanReciprocalRank([search("a", "a"), empty]), 0.5);
  });

  it("precisionAt() divides by k, however few were returned", () => {
    const judged = search("axb", "ab");
    assert.deepEqual(
      [1, 2, 3, 10].map((k) => precisionAt(judged, k)),
      [1, 1 / 2, 2 / 3, 2 / 10],
    );
  });

  it("precisionAt() counts relevant places", () => {
    fc.assert(
      fc.property(searches, ({ ranked, relevant, k }) => {
        let count = 0;
        for (let place = 0; place < k; place++) if (relevant.has(ranked[place] ?? -1)) count++;
        near(precisionAt({ ranked, relevant }, k) * k, count);
      }),
    );
  });

  it("meanReciprocalRank() of first hits at ranks 1, 3 and none is (1 + 1/3 + 0) / 3", () => {
    near(meanReciprocalRank([search("a", "a"), search("xya", "a"), search("xy", "a")]), (1 + 1 / 3) / 3);
  });

  it("reciprocalRank() is the largest 1/rank of what is relevant", () => {
    fc.assert(
      fc.property(searches, (judged) => {
        const ranks = [...judged.relevant].map((id) => judged.ranked.indexOf(id)).filter((place) => place >= 0);
        assert.equal(reciprocalRank(judged), Math.max(0, ...ranks.map((place) => 1 / (place + 1))));
      }),
    );
  });

  it("normalisedGain() of gains 3, 2, 0, 1 where 3, 2, 1 is best is worked out by hand", () => {
    const gains = new Map([
      ["a", 3],
      ["b", 2],
      ["d", 1],
    ]);
    const best = 3 + 2 / Math.log2(3) + 1 / 2;
    near(normalisedGain({ ranked: ["a", "b", "c", "d"], gains }), (3 + 2 / Math.log2(3) + 1 / Math.log2(5)) / best);
    near(normalisedGain({ ranked: ["b", "a", "c", "d"], gains }, 2), (2 + 3 / Math.log2(3)) / (3 + 2 / Math.log2(3)));
    assert.equal(normalisedGain({ ranked: ["a", "b", "d"], gains }), 1);
    assert.equal(normalisedGain({ ranked: ["x", "y", "z"], gains }), 0);
    assert.equal(normalisedGain({ ranked: ["x", "y", "z"], gains: new Map() }), 0);
  });

  it("normalisedGain() is what is gained over the best of all orders", () => {
    const discounted = (values: readonly number[]): number =>
      values.reduce((sum, gain, i) => sum + gain / (Math.log(i + 2) / Math.log(2)), 0);
    fc.assert(
      fc.property(searches, ({ ranked, gains, k }) => {
        fc.pre(gains.size <= 6);
        const best = Math.max(0, ...permutations([...gains.values()]).map((order) => discounted(order.slice(0, k))));
        const own = discounted(ranked.slice(0, k).map((id) => gains.get(id) ?? 0));
        near(normalisedGain({ ranked, gains }, k), best === 0 ? 0 : own / best);
      }),
    );
  });

  it("rankByScore() sorts by falling score, equal ones by falling name", () => {
    const scores = new Map([
      ["b", 0.5],
      ["c", 0.5],
      ["a", 0.9],
      ["d", -Infinity],
    ]);
    assert.deepEqual(rankByScore(scores), ["a", "c", "b", "d"]);
  });

  it("refuses means of nothing, doubles, and what is no number", () => {
    const refused = (what: RegExp): object => ({ code: "E_SETTING", message: what });
    assert.throws(() => meanAveragePrecision([]), refused(/no searches/));
    assert.throws(() => meanReciprocalRank([]), refused(/no searches/));
    assert.throws(() => averagePrecision(search("aa", "a")), refused(/a was returned twice/));
    assert.throws(() => precisionAt(search("aa", "a"), 2), refused(/twice/));
    for (const k of [0, 1.5, Number.NaN])
      assert.throws(() => precisionAt(search("a", "a"), k), refused(/^Cannot .* k /));
    assert.throws(() => normalisedGain({ ranked: ["a"], gains: new Map([["a", -1]]) }), refused(/gain of a is -1/));
    assert.throws(() => rankByScore(new Map([["a", Number.NaN]])), refused(/score of "a"/));
  });
});
