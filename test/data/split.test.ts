import assert from "node:assert/strict";
import type { Sample } from "../../toolkit/data/sample.ts";
import { stratifiedSplit } from "../../toolkit/data/split.ts";

function samples(...sizes: readonly number[]): Sample[] {
  return sizes.flatMap((size, label) =>
    Array.from({ length: size }, (_, i) => ({ path: `/x/${label}/${i}`, label, id: `${label}/${i}.jpg` })),
  );
}
const count = (list: readonly Sample[], label: number): number => list.filter((s) => s.label === label).length;

const ids = (list: readonly Sample[]): string[] => list.map((s) => s.id).toSorted();

describe("data/split", () => {
  it("takes the share of every class, and each sample once", () => {
    const all = samples(100, 50, 10);
    const { train, validation } = stratifiedSplit(all, { seed: 1 });
    assert.deepEqual(
      [0, 1, 2].map((label) => count(validation, label)),
      [20, 10, 2],
    );
    assert.deepEqual(new Set([...train, ...validation]), new Set(all));
    assert.equal(train.length + validation.length, 160);
  });

  it("leaves at least one on each side of a class of two or more, and trains on a single one", () => {
    const { train, validation } = stratifiedSplit(samples(1, 2, 3), { validationShare: 0.01 });
    assert.deepEqual(
      [0, 1, 2].map((label) => count(validation, label)),
      [0, 1, 1],
    );
    const most = stratifiedSplit(samples(1, 2, 3), { validationShare: 0.99 });
    assert.deepEqual(
      [0, 1, 2].map((label) => count(most.train, label)),
      [1, 1, 1],
    );
    assert.equal(train.length, 4);
  });

  it("validates on nothing where the share is 0", () => {
    assert.equal(stratifiedSplit(samples(5, 5), { validationShare: 0 }).validation.length, 0);
  });

  it("follows the seed, and not the order of the samples", () => {
    const all = samples(40);
    const first = ids(stratifiedSplit(all, { seed: 1 }).validation);
    assert.deepEqual(ids(stratifiedSplit(all.toReversed(), { seed: 1 }).validation), first);
    assert.notDeepEqual(ids(stratifiedSplit(all, { seed: 2 }).validation), first);
  });

  it("moves few samples when photos are added", () => {
    const before = new Set(stratifiedSplit(samples(200)).validation.map((s) => s.id));
    const after = stratifiedSplit(samples(210)).validation.map((s) => s.id);
    assert.ok(after.filter((id) => !before.has(id)).length <= 6);
  });
});
