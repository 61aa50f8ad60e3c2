import assert from "node:assert/strict";
import fc from "fast-check";
import type { Entry, Part } from "../../../toolkit/data/entry.ts";
import type { Sample } from "../../../toolkit/data/sample.ts";
import { stratifiedSplit } from "../../../toolkit/data/split.ts";
import { randomSplit } from "../../../toolkit/data/splits/random-split.ts";
import { uniform } from "../../../toolkit/graph/random.ts";

function entry(id: string, ...labels: readonly string[]): Entry {
  return { id, path: `/x/${id}`, labels };
}

/** Photos of classes "0", "1" and so on. */
function oneLabel(sizes: readonly number[]): Entry[] {
  return sizes.flatMap((size, label) => Array.from({ length: size }, (_, i) => entry(`${label}/${i}.jpg`, `${label}`)));
}

/** Photos with each of some labels as often as `rates` say. */
function severalLabels(count: number, rates: readonly number[]): Entry[] {
  return Array.from({ length: count }, (_, i) =>
    entry(`${i}.jpg`, ...rates.flatMap((rate, label) => (uniform(7, label, i) < rate ? `${label}` : []))),
  );
}

function counts(entries: readonly Entry[], parts: readonly Part[], part: Part): Map<string, number> {
  const found = new Map<string, number>();
  for (const label of entries.flatMap(({ labels }, i) => (parts[i] === part ? labels : []))) {
    found.set(label, (found.get(label) ?? 0) + 1);
  }
  return found;
}

/** How many photos of both lists change their part. */
function moved(
  before: readonly Entry[],
  after: readonly Entry[],
  split: (e: readonly Entry[]) => readonly Part[],
): number {
  const first = new Map(split(before).map((part, i) => [before[i]?.id, part]));
  return split(after).filter((part, i) => (first.get(after[i]?.id) ?? part) !== part).length;
}

const sizes = fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 6 });
const labelSets = fc.array(fc.subarray(["a", "b", "c", "d", "e"]), { maxLength: 120 });
const share = fc.double({ min: 0, max: 0.95, noNaN: true });

describe("data/splits/random-split", () => {
  it("randomSplit() chooses for validation what stratifiedSplit() does, whatever is tested on", () => {
    fc.assert(
      fc.property(sizes, share, fc.integer(), (classSizes, validationShare, seed) => {
        const entries = oneLabel(classSizes);
        const samples = entries.map(({ id, path, labels }): Sample => ({ id, path, label: Number(labels[0]) }));
        const expected = stratifiedSplit(samples, { seed, validationShare }).validation.map(({ id }) => id);
        const parts = randomSplit(entries, { seed, validationShare });
        assert.deepEqual(
          entries.filter((_, i) => parts[i] === "validation").map(({ id }) => id),
          expected,
        );
        assert.ok(!parts.includes("test"));
      }),
      { numRuns: 300 },
    );
  });

  it("randomSplit() has every class of two in training and validation, every class of three in test too, and shares within a photo", () => {
    fc.assert(
      fc.property(
        sizes,
        fc.double({ min: 0.01, max: 0.4, noNaN: true }),
        fc.double({ min: 0.01, max: 0.4, noNaN: true }),
        (classSizes, validationShare, testShare) => {
          const entries = oneLabel(classSizes);
          const parts = randomSplit(entries, { validationShare, testShare });
          const [train, validation, test] = (["train", "validation", "test"] as const).map((p) =>
            counts(entries, parts, p),
          );
          for (const [label, size] of classSizes.entries()) {
            const [a, b, c] = [train, validation, test].map((found) => found?.get(`${label}`) ?? 0) as [
              number,
              number,
              number,
            ];
            assert.equal(a + b + c, size);
            assert.ok(size < 1 || a >= 1);
            assert.ok(size < 2 || b >= 1);
            assert.ok(size < 3 || c >= 1);
            assert.ok(Math.abs(b - size * validationShare) <= 1 && Math.abs(c - size * testShare) <= 1);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it("randomSplit() follows seed and ids, and not the order of entries", () => {
    fc.assert(
      fc.property(labelSets, fc.integer(), (sets, seed) => {
        const entries = sets.map((labels, i) => entry(`${i}`, ...labels));
        const options = { seed, validationShare: 0.3, testShare: 0.1 };
        const parts = new Map(randomSplit(entries, options).map((part, i) => [entries[i]?.id, part]));
        const turned = entries.toReversed();
        assert.deepEqual(
          randomSplit(turned, options),
          turned.map(({ id }) => parts.get(id)),
        );
      }),
    );
    const many = oneLabel([100]);
    assert.notDeepEqual(randomSplit(many, { seed: 1 }), randomSplit(many, { seed: 2 }));
  });

  it("randomSplit() shares out each of several labels, rare ones too", () => {
    const rates = [0.5, 0.3, 0.1, 0.05, 0.02];
    const entries = severalLabels(1000, rates);
    const parts = randomSplit(entries, { validationShare: 0.2, testShare: 0.1 });
    const all = counts(
      entries,
      entries.map(() => "train" as const),
      "train",
    );
    const validation = counts(entries, parts, "validation");
    const test = counts(entries, parts, "test");
    for (const [label, count] of all) {
      assert.ok(Math.abs((validation.get(label) ?? 0) - 0.2 * count) <= 2, `validation of ${label}`);
      assert.ok(Math.abs((test.get(label) ?? 0) - 0.1 * count) <= 2, `test of ${label}`);
    }
    assert.ok(Math.abs(parts.filter((part) => part === "validation").length - 200) <= 5);
    const bare = parts.filter((part, i) => part === "validation" && entries[i]?.labels.length === 0).length;
    const allBare = entries.filter(({ labels }) => labels.length === 0).length;
    assert.ok(Math.abs(bare - 0.2 * allBare) <= 1, "photos without a label");
  });

  it("randomSplit() moves few photos when others come, with one label or several", () => {
    const split = (entries: readonly Entry[]): readonly Part[] => randomSplit(entries, { testShare: 0.1 });
    assert.ok(moved(oneLabel([200, 100]), oneLabel([210, 105]), split) <= 12);
    const rates = [0.5, 0.3, 0.1, 0.05];
    const several = moved(severalLabels(1000, rates), severalLabels(1050, rates), split);
    assert.ok(several <= 60, `${several} of 1000 moved`);
  });

  it("randomSplit() never exchanges photos between validation and test when others come", () => {
    const [before, after] = [oneLabel([200]), oneLabel([260])];
    const first = randomSplit(before, { testShare: 0.2 });
    const second = randomSplit(after, { testShare: 0.2 });
    const pairs = new Set(before.map((_, i) => `${first[i]} ${second[i]}`));
    assert.ok(!pairs.has("validation test") && !pairs.has("test validation"));
  });

  it("randomSplit() shares out numbers in each part of their range", () => {
    const entries = Array.from({ length: 500 }, (_, i): Entry => ({
      ...entry(`${i}`),
      numbers: [uniform(3, 0, i) ** 3, uniform(3, 1, i)],
    }));
    const parts = randomSplit(entries, { validationShare: 0.2 });
    for (const column of [0, 1]) {
      const sorted = entries
        .map(({ numbers }, i) => ({ value: numbers?.[column] ?? 0, part: parts[i] }))
        .toSorted((a, b) => a.value - b.value);
      for (let tenth = 0; tenth < 10; tenth++) {
        const held = sorted.slice(50 * tenth, 50 * (tenth + 1)).filter(({ part }) => part === "validation").length;
        assert.ok(Math.abs(held - 10) <= 2, `${held} of 50 in tenth ${tenth} of column ${column}`);
      }
    }
  });

  it("randomSplit() takes numbers that are equal, few or missing", () => {
    const numbered = (values: readonly number[]): Entry[] =>
      values.map((value, i) => ({ ...entry(`${i}`), numbers: [value] }));
    for (const values of [[1], [1, 2], Array.from({ length: 50 }, () => 4), [Number.NaN, 1, 2, 3, 4]]) {
      const parts = randomSplit(numbered(values), { validationShare: 0.2 });
      assert.equal(parts.length, values.length);
      assert.ok(parts.includes("train"));
    }
    assert.deepEqual(randomSplit([]), []);
  });

  it("randomSplit() refuses shares and seeds that cannot be meant", () => {
    const cases = [
      [{ validationShare: 1 }, /expected a validation share from 0 to below 1, got 1$/],
      [{ testShare: -0.1 }, /expected a test share from 0 to below 1, got -0.1$/],
      [{ validationShare: 0.6, testShare: 0.4 }, /less than 1 together, got 0.6 and 0.4$/],
      [{ validationShare: Number.NaN }, /got NaN$/],
      [{ seed: 0.5 }, /expected a whole number as seed, got 0.5$/],
    ] as const;
    for (const [options, message] of cases) {
      assert.throws(() => randomSplit(oneLabel([4]), options), { code: "E_SETTING", message });
    }
  });
});
