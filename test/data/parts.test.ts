import assert from "node:assert/strict";
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DataSource, Entry, Part } from "../../toolkit/data/entry.ts";
import { divideParts, partsOf } from "../../toolkit/data/parts.ts";
import { type SplitOptions, stratifiedSplit } from "../../toolkit/data/split.ts";

/** Photos named by number, with their part by initial ("-": none), in two classes in turn. */
function source(parts: string, more: (i: number) => Partial<Entry> = () => ({})): DataSource {
  const names: Readonly<Record<string, Part>> = { r: "train", v: "validation", e: "test" };
  const entries = Array.from(parts, (initial, i): Entry => {
    const part = names[initial];
    return { id: `${i}`, path: `${i}.jpg`, labels: [i % 2 === 0 ? "a" : "b"], ...(part ? { part } : {}), ...more(i) };
  });
  return { entries, isMultiLabel: false, bad: [] };
}

const initials = (parts: readonly Part[]): string =>
  parts.map((p) => ({ train: "r", validation: "v", test: "e" })[p]).join("");
const count = (parts: readonly Part[], part: Part): number => parts.filter((p) => p === part).length;

describe("data/parts", () => {
  it("takes the parts that the source gives; where one validates, the others train", async () => {
    assert.equal(initials(await partsOf(source("rrvev-"))), "rrvevr");
  });

  it("lets the test validate where all photos are for training or test", async () => {
    assert.equal(initials(await partsOf(source("rreer"))), "rrvvr");
  });

  it("splits what trains, and keeps what is for the test", async () => {
    const parts = await partsOf(source(`${"r".repeat(10)}${"-".repeat(10)}ee`));
    assert.deepEqual([count(parts, "train"), count(parts, "validation"), initials(parts).slice(20)], [16, 4, "ee"]);
    assert.deepEqual(count(await partsOf(source("r".repeat(10))), "validation"), 2);
  });

  it("splits photos of one label as ever", async () => {
    const all = source("-".repeat(50));
    const samples = all.entries.map(({ id, path }, i) => ({ id, path, label: i % 2 }));
    const expected = new Set(stratifiedSplit(samples, { seed: 7, validationShare: 0.3 }).validation.map((s) => s.id));
    const parts = await partsOf(all, { seed: 7, validationShare: 0.3 });
    assert.deepEqual(
      parts,
      samples.map(({ id }) => (expected.has(id) ? "validation" : "train")),
    );
  });

  it("splits into three, in folds, and anew where that is asked for", async () => {
    const three = await partsOf(source("-".repeat(20)), { validationShare: 0.2, testShare: 0.3 });
    assert.deepEqual([count(three, "train"), count(three, "validation"), count(three, "test")], [10, 4, 6]);
    const all = source("rrrrvvvvee");
    const folds = await Promise.all([0, 1, 2, 3].map((fold) => partsOf(all, { folds: 4, fold })));
    for (const parts of folds) assert.deepEqual([count(parts, "validation"), initials(parts).slice(8)], [2, "ee"]);
    for (let i = 0; i < 8; i++) assert.equal(folds.filter((parts) => parts[i] === "validation").length, 1);
    assert.equal(count(await partsOf(all, { by: "random", validationShare: 0.5 }), "validation"), 4);
  });

  it("refuses what folds do not heed, and a fold of none", async () => {
    const all = source("-".repeat(20));
    const refuses = (options: SplitOptions, message: RegExp): Promise<void> =>
      assert.rejects(partsOf(all, options), { code: "E_SETTING", message });
    await refuses({ fold: 1 }, /fold 1 of no number of folds/);
    await refuses({ folds: 4, testShare: 0.2 }, /expected folds or a test share, got 4 folds and 0\.2/);
    await refuses({ folds: 4, by: "time" }, /expected folds or a split by time/);
  });

  it("keeps groups together, unless told otherwise", async () => {
    const all = source("-".repeat(30), (i) => ({ group: `g${Math.floor(i / 5)}` }));
    const parts = await partsOf(all);
    for (let i = 0; i < 30; i += 5) assert.equal(new Set(parts.slice(i, i + 5)).size, 1);
    assert.ok(count(parts, "validation") > 0);
    const loose = await partsOf(all, { by: "random" });
    assert.ok(Array.from({ length: 6 }, (_, g) => new Set(loose.slice(g * 5, g * 5 + 5)).size).some((n) => n > 1));
  });

  it("holds out the latest by time", async () => {
    const root = mkdtempSync(join(tmpdir(), "graft-parts-"));
    try {
      const all = source("-".repeat(10), (i) => ({ path: join(root, `${i}.jpg`) }));
      for (const [i, { path }] of all.entries.entries()) {
        writeFileSync(path, "no photo");
        utimesSync(path, 1e9 + ((i * 7) % 10), 1e9 + ((i * 7) % 10));
      }
      const { parts, datedByFile } = await divideParts(all, { by: "time", validationShare: 0.2 });
      assert.equal(datedByFile, 10);
      // 7 i modulo 10 is 9 at 7, and 8 at 4
      assert.deepEqual(initials(parts), "rrrrvrrvrr");
    } finally {
      rmSync(root, { recursive: true });
    }
  });

  it("splits several labels and numbers too", async () => {
    const several = {
      ...source("-".repeat(20), (i) => ({ labels: i % 4 === 0 ? [] : ["a", "b"] })),
      isMultiLabel: true,
    };
    assert.equal(count(await partsOf(several), "validation"), 4);
    const numbers = source("-".repeat(20), (i) => ({ labels: [], numbers: [i] }));
    assert.equal(count(await partsOf(numbers), "validation"), 4);
  });

  it("refuses shares that leave nothing to train on", () =>
    assert.rejects(partsOf(source("--"), { validationShare: 1 }), { code: "E_SETTING" }));
});
