import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readContainer } from "../../../toolkit/data/sources/container.ts";
import type { FilePart } from "../../../toolkit/images/decoder.ts";
import { sharpDecoder } from "../../../toolkit/images/sharp.ts";
import { itShared } from "../../support/fixtures.ts";

describe("data/sources/container", () => {
  let root = "";
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "graft-container-"));
  });
  afterEach(() => rmSync(root, { recursive: true }));
  const write = (name: string, index: object, bytes = 100): string => {
    writeFileSync(join(root, `${name}.bin`), new Uint8Array(bytes));
    const path = join(root, `${name}.json`);
    writeFileSync(path, JSON.stringify({ bin: `${name}.bin`, classes: ["a", "b"], ...index }));
    return path;
  };

  it("reads the parts of a folder, as parts of files", async () => {
    write("train", {
      images: [
        ["1.jpg", 0, 0, 40],
        ["1.jpg", 1, 40, 60],
      ],
    });
    write("test", { images: [["9.jpg", 1, 10, 5]] });
    writeFileSync(join(root, "notes.json"), "{}");
    const { entries, classes, isMultiLabel } = await readContainer(root);
    assert.deepEqual([classes, isMultiLabel], [["a", "b"], false]);
    assert.deepEqual(
      entries.map(({ id, labels, part, picture }) => [id, labels[0], part, picture]),
      [
        ["test/b/9.jpg", "b", "test", { file: join(root, "test.bin"), offset: 10, length: 5 }],
        ["train/a/1.jpg", "a", "train", { file: join(root, "train.bin"), offset: 0, length: 40 }],
        ["train/b/1.jpg", "b", "train", { file: join(root, "train.bin"), offset: 40, length: 60 }],
      ],
    );
  });

  it("reads one file by itself, which is of no part", async () => {
    const { entries } = await readContainer(write("test", { images: [["9.jpg", 1, 10, 5]] }));
    assert.deepEqual([entries.length, entries[0]?.part], [1, undefined]);
  });

  it("refuses indices that do not fit", async () => {
    const refuses = (index: object, message: RegExp): Promise<void> =>
      assert.rejects(readContainer(write("train", index)), { code: "E_DATA_FORMAT", message });
    await refuses({ images: [["1.jpg", 0, 90, 11]] }, /ends before "1.jpg"/);
    await refuses({ images: [["1.jpg", 2, 0, 1]] }, /class 2, there are 2/);
    await refuses({ images: [["1.jpg", 0, -1, 1]] }, /images/);
    await refuses({ images: 3 }, /images/);
    await refuses({ images: [], bin: "../train.bin" }, /another folder/);
    await refuses({ images: [], bin: "none.bin" }, /not beside it/);
    write("test", { images: [], classes: ["b", "a"] });
    write("train", { images: [] });
    await assert.rejects(readContainer(root), { code: "E_DATA_FORMAT", message: /classes are not those/ });
  });

  itShared("reads CIFAR-10", "data/cifar10", async (folder) => {
    const { entries, classes } = await readContainer(folder);
    assert.equal(classes?.length, 10);
    const counts = (part: string): number => entries.filter((e) => e.part === part).length;
    assert.deepEqual([counts("train"), counts("test")], [50_000, 10_000]);
    const last = entries.findLast((e) => e.part === "train");
    assert.deepEqual([last?.labels[0], new Set(entries.map((e) => e.id)).size], ["truck", 60_000]);
    const { width, height } = await sharpDecoder().decode(last?.picture as FilePart);
    assert.deepEqual([width, height], [32, 32]);
  });
});
