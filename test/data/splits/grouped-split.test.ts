import assert from "node:assert/strict";
import fc from "fast-check";
import type { Entry, Part } from "../../../toolkit/data/entry.ts";
import { groupedSplit } from "../../../toolkit/data/splits/grouped-split.ts";
import { hash } from "../../../toolkit/graph/random.ts";

interface Drawn {
  readonly group: number | undefined;
  readonly label: string;
}

const drawn: fc.Arbitrary<Drawn[]> = fc.array(
  fc.record({ group: fc.option(fc.nat(12), { nil: undefined }), label: fc.constantFrom("a", "b", "c") }),
  { minLength: 4, maxLength: 100 },
);

function entriesOf(all: readonly Drawn[]): Entry[] {
  return all.map(({ group, label }, i) => ({
    id: `${i}`,
    path: `/x/${i}`,
    labels: [label],
    ...(group === undefined ? {} : { group: `${group}` }),
  }));
}

function partsByGroup(entries: readonly Entry[], parts: readonly Part[]): Map<string, Set<Part | undefined>> {
  const found = new Map<string, Set<Part | undefined>>();
  for (const [i, { id, group = `photo ${id}` }] of entries.entries()) {
    found.set(group, (found.get(group) ?? new Set()).add(parts[i]));
  }
  return found;
}

describe("data/splits/grouped-split", () => {
  it("groupedSplit() keeps groups whole, in the same way whatever the order, and trains on some", () => {
    fc.assert(
      fc.property(drawn, fc.integer(), (all, seed) => {
        const entries = entriesOf(all);
        const groups = new Set(entries.map(({ id, group = `photo ${id}` }) => group));
        fc.pre(groups.size > 1 && entries.some(({ group }) => group !== undefined));
        const parts = groupedSplit(entries, { seed });
        for (const found of partsByGroup(entries, parts).values()) assert.equal(found.size, 1);
        assert.ok(parts.includes("train"));
        const turned = new Map(
          groupedSplit(entries.toReversed(), { seed }).map((part, i) => [entries.at(-1 - i)?.id, part]),
        );
        assert.deepEqual(
          parts,
          entries.map(({ id }) => turned.get(id)),
        );
      }),
    );
  });

  it("groupedSplit() has each label on both sides where two groups have it and no other", () => {
    for (const seed of Array.from({ length: 40 }, (_, i) => i)) {
      const entries = entriesOf(
        [30, 25, 2, 9, 9, 1, 1, 60].flatMap((size, group) =>
          Array.from({ length: size }, () => ({ group, label: "abcd"[group >> 1] ?? "" })),
        ),
      );
      const parts = groupedSplit(entries, { seed, validationShare: 0.2 });
      for (const label of "abcd") {
        const found = new Set(entries.flatMap(({ labels }, i) => (labels[0] === label ? (parts[i] ?? []) : [])));
        assert.deepEqual([...found].toSorted(), ["train", "validation"], `label ${label}, seed ${seed}`);
      }
    }
  });

  it("groupedSplit() keeps to the shares as well as groups allow", () => {
    // 60 people with 5 to 14 photos each, mostly of one label
    const entries = entriesOf(
      Array.from({ length: 60 }, (_, group) => group).flatMap((group) =>
        Array.from({ length: 5 + (hash(1, group) % 10) }, (_, i) => ({
          group,
          label: hash(2, group, i) % 4 === 0 ? "c" : (["a", "b"][hash(3, group) % 2] ?? ""),
        })),
      ),
    );
    for (const seed of [0, 1, 2, 3, 4]) {
      const parts = groupedSplit(entries, { seed, validationShare: 0.25 });
      for (const label of ["a", "b", "c"]) {
        const own = parts.filter((_, i) => entries[i]?.labels[0] === label);
        const held = own.filter((part) => part === "validation").length / own.length;
        assert.ok(Math.abs(held - 0.25) < 0.09, `${held} of label ${label}, seed ${seed}`);
      }
    }
  });

  it("groupedSplit() puts the largest groups where most is missing", () => {
    const entries = entriesOf(
      [80, 10, 10].flatMap((size, group) => Array.from({ length: size }, () => ({ group, label: "a" }))),
    );
    for (const seed of [0, 1, 2, 3, 4, 5]) {
      const parts = groupedSplit(entries, { seed, validationShare: 0.2 });
      assert.equal(parts.filter((part) => part === "validation").length, 20);
    }
  });

  it("groupedSplit() moves few photos when a group is added", () => {
    const all = Array.from({ length: 60 }, (_, group) => group).flatMap((group) =>
      Array.from({ length: 4 }, () => ({ group, label: "ab"[group % 2] ?? "" })),
    );
    const before = entriesOf(all);
    const after = [...before, { id: "new", path: "/x/new", labels: ["a"], group: "99" }];
    const [first, second] = [groupedSplit(before), groupedSplit(after)];
    assert.ok(first.filter((part, i) => part !== second[i]).length <= 8);
  });

  it("groupedSplit() refuses data without groups, and a single group", () => {
    const bare = entriesOf([{ group: undefined, label: "a" }]);
    assert.throws(() => groupedSplit(bare), { code: "E_SETTING", message: /by group: no photo has one$/ });
    const one = entriesOf([
      { group: 3, label: "a" },
      { group: 3, label: "b" },
    ]);
    assert.throws(() => groupedSplit(one), { code: "E_SETTING", message: /two groups or more, found only "3"$/ });
  });
});
