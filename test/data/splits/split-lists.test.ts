import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Entry, Part } from "../../../toolkit/data/entry.ts";
import {
  givenSplit,
  readSplitLists,
  splitLists,
  type SplitLists,
  writeSplitLists,
} from "../../../toolkit/data/splits/split-lists.ts";

const entries = ["c.jpg", "a.jpg", "é\n.jpg", "b.jpg"].map((id): Entry => ({ id, path: `/x/${id}`, labels: [] }));
const parts: readonly (Part | undefined)[] = ["train", "validation", undefined, "train"];
const about = {
  method: "random",
  seed: 3,
  settings: { validationShare: 0.25 },
  leaks: {
    pairs: [{ a: "a.jpg", b: "c.jpg", kind: "near", bits: 4, mirrored: true, partOfA: "validation", partOfB: "train" }],
    conflicts: [],
    lookAlikes: 60,
    moved: [{ id: "b.jpg", from: "validation", to: "train" }],
    dropped: [{ id: "é\n.jpg", from: "validation", copyOf: "c.jpg" }],
  },
} as const;

describe("data/splits/split-lists", () => {
  let folder = "";
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "onnx-graft-split-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("splitLists() has the sorted ids of each part and of what is left out", () => {
    const lists = splitLists(entries, parts, about);
    assert.deepEqual(lists.parts, { train: ["b.jpg", "c.jpg"], validation: ["a.jpg"], test: [] });
    assert.deepEqual(lists.leftOut, ["é\n.jpg"]);
  });

  it("readSplitLists() gives back what writeSplitLists() wrote, by file or folder", async () => {
    const lists = splitLists(entries, parts, about);
    const path = await writeSplitLists(folder, lists);
    assert.equal(path, join(folder, "split.json"));
    assert.deepEqual(await readSplitLists(path), lists);
    assert.deepEqual(await readSplitLists(folder), lists);
    assert.deepEqual(await readdir(folder), ["split.json"]);
    const { seed: _, leaks: __, ...least } = lists;
    await writeSplitLists(folder, least);
    assert.deepEqual(await readSplitLists(folder), least);
  });

  it("givenSplit() makes the same parts again; photos that came since train, and those that went are named", () => {
    const lists = splitLists(entries, parts, about);
    assert.deepEqual(givenSplit(entries, lists), { parts, added: [], missing: [] });
    const others = [...entries.slice(1), { id: "new.jpg", path: "/x/new.jpg", labels: [] }];
    assert.deepEqual(givenSplit(others, lists), {
      parts: ["validation", undefined, "train", "train"],
      added: ["new.jpg"],
      missing: ["c.jpg"],
    });
    assert.throws(() => givenSplit(others.slice(-1), lists), {
      code: "E_DATA_FORMAT",
      message: /have none of its photos, such as "new.jpg"$/,
    });
  });

  it("readSplitLists() refuses what is no such file, and says where it is wrong", async () => {
    const path = await writeSplitLists(folder, splitLists(entries, parts, about));
    const good = JSON.parse(await readFile(path, "utf8")) as SplitLists & Record<string, unknown>;
    const wrong: readonly (readonly [unknown, RegExp])[] = [
      ["{", /split\.json": .*JSON/],
      [null, /the file: /],
      [{ ...good, format: "other" }, /format: /],
      [{ ...good, version: 2 }, /version: /],
      [{ ...good, parts: { ...good.parts, train: [4] } }, /parts\.train\.0: /],
      [{ ...good, leaks: { ...good.leaks, moved: [{ id: "x", from: "train" }] } }, /leaks\.moved\.0\.to: /],
      [{ ...good, leftOut: ["a.jpg"] }, /"a\.jpg" is in it twice$/],
    ];
    for (const [value, message] of wrong) {
      await writeFile(path, typeof value === "string" ? value : JSON.stringify(value));
      await assert.rejects(readSplitLists(path), { code: "E_DATA_FORMAT", message });
    }
    await assert.rejects(readSplitLists(join(folder, "none.json")), { code: "E_DATA_NOT_FOUND", message: /ENOENT/ });
  });

  it("writeSplitLists() says where it cannot write", async () => {
    const lists = splitLists(entries, parts, about);
    await assert.rejects(writeSplitLists(join(folder, "none"), lists), { code: "E_WRITE", message: /split\.json"/ });
  });
});
