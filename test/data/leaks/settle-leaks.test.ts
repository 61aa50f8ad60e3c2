import assert from "node:assert/strict";
import fc from "fast-check";
import type { Entry, Part } from "../../../toolkit/data/entry.ts";
import type { Copies } from "../../../toolkit/data/leaks/find-leaks.ts";
import { groupCopies } from "../../../toolkit/data/leaks/group-copies.ts";
import { settleLeaks } from "../../../toolkit/data/leaks/settle-leaks.ts";
import { groupedSplit } from "../../../toolkit/data/splits/grouped-split.ts";

const PARTS: readonly Part[] = ["train", "validation", "test"];

function entry(id: string, group?: string): Entry {
  return { id, path: `/x/${id}`, labels: ["x"], ...(group === undefined ? {} : { group }) };
}

function pair(parts: Readonly<Record<string, Part>>, a: string, b: string, kind: "exact" | "near" = "near"): Copies {
  const about = { kind, bits: kind === "exact" ? 0 : 4, mirrored: false };
  return { a, b, partOfA: parts[a] ?? "train", partOfB: parts[b] ?? "train", ...about };
}

describe("data/leaks/settle-leaks", () => {
  it("settleLeaks() moves near copies to training, and leaves out those of the same bytes", () => {
    const parts = { a: "train", b: "validation", c: "train", d: "test", e: "validation" } as const;
    const pairs = [pair(parts, "a", "b"), pair(parts, "c", "d", "exact")];
    const settled = settleLeaks(
      "abcde".split("").map((id) => entry(id)),
      Object.values(parts),
      { pairs },
    );
    assert.deepEqual(settled.parts, ["train", "train", "train", undefined, "validation"]);
    assert.deepEqual(settled.moved, [{ id: "b", from: "validation", to: "train", copyOf: "a" }]);
    assert.deepEqual(settled.dropped, [{ id: "d", from: "test", copyOf: "c" }]);
  });

  it("settleLeaks() moves what is tested to validation where nothing of it trains", () => {
    const parts = { a: "test", b: "validation" } as const;
    const settled = settleLeaks([entry("a"), entry("b")], Object.values(parts), { pairs: [pair(parts, "a", "b")] });
    assert.deepEqual(settled.parts, ["validation", "validation"]);
  });

  it("settleLeaks() leaves copies within a part alone", () => {
    const parts = { a: "validation", b: "validation" } as const;
    const pairs = [pair(parts, "a", "b", "exact")];
    const settled = settleLeaks([entry("a"), entry("b")], Object.values(parts), { pairs });
    assert.deepEqual(settled, { parts: ["validation", "validation"], moved: [], dropped: [] });
  });

  it("settleLeaks() takes a photo's group and the copies of its copies with it", () => {
    const parts = { a: "train", b: "validation", c: "validation", d: "validation", e: "validation" } as const;
    const entries = [entry("a"), entry("b", "g"), entry("c", "g"), entry("d"), entry("e")];
    const pairs = [pair(parts, "a", "b"), pair(parts, "c", "d", "exact")];
    const settled = settleLeaks(entries, Object.values(parts), { pairs });
    assert.deepEqual(settled.parts, ["train", "train", "train", "train", "validation"]);
    assert.deepEqual(
      settled.moved.map(({ id, copyOf }) => [id, copyOf]),
      [
        ["b", "a"],
        ["c", "d"],
        ["d", "c"],
      ],
    );
  });

  it("settleLeaks() does not mend groups that are divided without a copy", () => {
    const settled = settleLeaks([entry("a", "g"), entry("b", "g")], ["train", "validation"], { pairs: [] });
    assert.deepEqual(settled.parts, ["train", "validation"]);
  });

  it("settleLeaks() leaves no copy in two parts, and training as it was but for what comes in", () => {
    const edges = fc.array(fc.tuple(fc.nat(19), fc.nat(19), fc.boolean()), { maxLength: 25 });
    const partsOf = fc.array(fc.constantFrom(...PARTS), { minLength: 20, maxLength: 20 });
    fc.assert(
      fc.property(edges, partsOf, (all, parts) => {
        const entries = parts.map((_, i) => entry(`${i}`));
        const byId = Object.fromEntries(parts.map((part, i) => [`${i}`, part]));
        const pairs = all.map(([i, j, isExact]) => pair(byId, `${i}`, `${j}`, isExact ? "exact" : "near"));
        const settled = settleLeaks(entries, parts, { pairs });
        for (const [i, j] of all) {
          const [a, b] = [settled.parts[i], settled.parts[j]];
          assert.ok(a === b || a === undefined || b === undefined);
        }
        for (const [i, part] of parts.entries()) if (part === "train") assert.equal(settled.parts[i], "train");
        for (const { id } of settled.dropped) assert.equal(settled.parts[Number(id)], undefined);
      }),
    );
  });

  it("groupCopies() joins copies and the groups that they are in, so that groupedSplit() has none in two parts", () => {
    const parts = {};
    const entries = [entry("a"), entry("b"), entry("c", "g"), entry("d", "g"), entry("e"), entry("f", "h"), entry("i")];
    const pairs = [pair(parts, "b", "a"), pair(parts, "b", "c"), pair(parts, "e", "f")];
    const grouped = groupCopies(entries, { pairs });
    assert.deepEqual(
      grouped.map(({ group }) => group),
      ["a", "a", "a", "a", "e", "e", undefined],
    );
    const many = Array.from({ length: 100 }, (_, i) => entry(`${i}`));
    const copies = Array.from({ length: 20 }, (_, i) => pair(parts, `${2 * i}`, `${2 * i + 1}`));
    const split = groupedSplit(groupCopies(many, { pairs: copies }));
    for (let i = 0; i < 40; i += 2) assert.equal(split[i], split[i + 1]);
    assert.equal(split.filter((part) => part === "validation").length, 20);
  });
});
