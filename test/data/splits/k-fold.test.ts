import assert from "node:assert/strict";
import fc from "fast-check";
import type { Entry } from "../../../toolkit/data/entry.ts";
import { kFold } from "../../../toolkit/data/splits/k-fold.ts";

function entriesOf(sizes: readonly number[], groupOf?: (i: number) => string): Entry[] {
  const labels = sizes.flatMap((size, label) => Array.from({ length: size }, () => `${label}`));
  return labels.map((label, i) => {
    const [id, path, own] = [`${i}`, `/x/${i}`, [label]];
    return groupOf ? { id, path, labels: own, group: groupOf(i) } : { id, path, labels: own };
  });
}

/** The fold in which each photo validates. */
function foldsOf(entries: readonly Entry[], folds: number, seed: number): number[] {
  const found = entries.map(() => -1);
  for (let fold = 0; fold < folds; fold++) {
    for (const [i, part] of kFold(entries, { folds, fold, seed }).entries()) {
      if (part !== "validation") continue;
      assert.equal(found[i], -1, "a photo validates twice");
      found[i] = fold;
    }
  }
  return found;
}

describe("data/splits/k-fold", () => {
  it("kFold() lets each photo validate once, and every fold have the same of every label", () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(30), { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 2, max: 6 }),
        fc.integer(),
        (sizes, folds, seed) => {
          const entries = entriesOf(sizes);
          fc.pre(entries.length >= folds);
          const found = foldsOf(entries, folds, seed);
          assert.ok(!found.includes(-1));
          for (const label of sizes.keys()) {
            for (let fold = 0; fold < folds; fold++) {
              const held = found.filter((f, i) => f === fold && entries[i]?.labels[0] === `${label}`).length;
              assert.ok(Math.abs(held - (sizes[label] ?? 0) / folds) < 1.001, `${held} of ${sizes[label]} in ${folds}`);
            }
          }
        },
      ),
      { numRuns: 100 },
    );
  });

  it("kFold() spreads classes of two photos over all folds", () => {
    const found = foldsOf(entriesOf(Array.from({ length: 100 }, () => 2)), 5, 0);
    for (let fold = 0; fold < 5; fold++) {
      const held = found.filter((f) => f === fold).length;
      assert.ok(held > 20 && held < 60, `${held} of 200 in fold ${fold}`);
    }
  });

  it("kFold() keeps groups whole, and folds about the same size", () => {
    const entries = entriesOf([60, 60], (i) => `${i % 24}`);
    const found = foldsOf(entries, 4, 1);
    for (let group = 0; group < 24; group++) {
      assert.equal(new Set(found.filter((_, i) => entries[i]?.group === `${group}`)).size, 1);
    }
    for (let fold = 0; fold < 4; fold++) {
      assert.ok(Math.abs(found.filter((f) => f === fold).length - 30) <= 10);
    }
  });

  it("kFold() gives each of three groups a fold, however unequal they are", () => {
    const sizes = [80, 10, 10];
    const names = sizes.flatMap((size, group) => Array.from({ length: size }, () => `${group}`));
    const found = foldsOf(
      entriesOf([100], (i) => names[i] ?? ""),
      3,
      0,
    );
    assert.deepEqual(new Set(found), new Set([0, 1, 2]));
  });

  it("kFold() moves few photos when others come", () => {
    const [before, after] = [entriesOf([200]), entriesOf([206])];
    const [first, second] = [foldsOf(before, 5, 3), foldsOf(after, 5, 3)];
    const moved = first.filter((fold, i) => fold !== second[i]).length;
    assert.ok(moved <= 24, `${moved} of 200 moved`);
  });

  it("kFold() refuses folds that there are not", () => {
    const entries = entriesOf([10]);
    const cases = [
      [{ folds: 1, fold: 0 }, /expected two folds or more, got 1$/],
      [{ folds: 5, fold: 5 }, /expected a fold from 0 to 4, got 5$/],
      [{ folds: 5, fold: -1 }, /expected a fold from 0 to 4, got -1$/],
      [{ folds: 11, fold: 0 }, /as many photos as folds, got 10 photos for 11 folds$/],
    ] as const;
    for (const [options, message] of cases)
      assert.throws(() => kFold(entries, options), { code: "E_SETTING", message });
    const grouped = entriesOf([10], (i) => `${i % 3}`);
    assert.throws(() => kFold(grouped, { fold: 0 }), { message: /got 3 groups for 5 folds$/ });
  });
});
