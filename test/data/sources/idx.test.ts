import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { readIdx } from "../../../toolkit/data/sources/idx.ts";
import type { Entry } from "../../../toolkit/data/entry.ts";
import type { Pixels } from "../../../toolkit/images/decoder.ts";

/** The file of an array of bytes. */
function idx(shape: readonly number[], values: readonly number[]): Buffer {
  const head = Buffer.alloc(4 + 4 * shape.length);
  head.writeUInt32BE(0x0800 + shape.length, 0);
  for (const [i, extent] of shape.entries()) head.writeUInt32BE(extent, 4 + 4 * i);
  return Buffer.concat([head, Buffer.from(values)]);
}

function pixelsOf(entry: Entry | undefined): Pixels {
  assert.ok(entry?.picture);
  return entry.picture as Pixels;
}

describe("data/sources/idx", () => {
  let root = "";
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "graft-idx-"));
  });
  afterEach(() => rmSync(root, { recursive: true }));
  const write = (name: string, bytes: Uint8Array): void => writeFileSync(join(root, name), bytes);
  const grey = (picture: unknown): readonly number[] => {
    const { data } = picture as Pixels;
    for (let i = 0; i < data.length; i += 3) assert.deepEqual([data[i + 1], data[i + 2]], [data[i], data[i]]);
    return Array.from(data).filter((_, i) => i % 3 === 0);
  };

  it("reads pictures and labels, plain and gzipped, as three equal channels", async () => {
    write("train-images-idx3-ubyte", idx([2, 2, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]));
    write("train-labels-idx1-ubyte", idx([2], [9, 1]));
    write("t10k-images-idx3-ubyte.gz", gzipSync(idx([1, 2, 3], [0, 0, 255, 0, 0, 0])));
    write("t10k-labels-idx1-ubyte.gz", gzipSync(idx([1], [1])));
    for (const path of [root, join(root, "t10k-images-idx3-ubyte.gz"), join(root, "train-images-idx3-ubyte")]) {
      const { entries, classes, isMultiLabel } = await readIdx(path);
      assert.deepEqual([classes, isMultiLabel], [["1", "9"], false]);
      assert.deepEqual(
        entries.map(({ id, labels, part }) => [id, labels[0], part]),
        [
          ["t10k/0", "1", "test"],
          ["train/0", "9", "train"],
          ["train/1", "1", "train"],
        ],
      );
      const { width, height } = pixelsOf(entries[1]);
      assert.deepEqual([width, height], [3, 2]);
      assert.deepEqual(
        entries.map((e) => grey(e.picture)),
        [
          [0, 0, 255, 0, 0, 0],
          [1, 2, 3, 4, 5, 6],
          [7, 8, 9, 10, 11, 12],
        ],
      );
    }
  });

  it("turns EMNIST upright and names its characters", async () => {
    write("emnist-letters-train-images-idx3-ubyte", idx([1, 2, 3], [1, 2, 3, 4, 5, 6]));
    write("emnist-letters-train-labels-idx1-ubyte", idx([1], [2]));
    write("emnist-letters-mapping.txt", Buffer.from("1 65 97\n2 66 98\n"));
    const { entries, classes } = await readIdx(root);
    assert.deepEqual([classes, entries[0]?.labels], [["B"], ["B"]]);
    const { width, height } = pixelsOf(entries[0]);
    assert.deepEqual([width, height], [2, 3]);
    assert.deepEqual(grey(entries[0]?.picture), [1, 4, 2, 5, 3, 6]);
  });

  it("calls classes as it is told", async () => {
    write("train-images.idx3-ubyte", idx([2, 1, 1], [5, 6]));
    write("train-labels.idx1-ubyte", idx([2], [1, 0]));
    const { entries, classes } = await readIdx(root, { classNames: ["shirt", "shoe"] });
    assert.deepEqual(
      [classes, entries.map((e) => e.labels[0])],
      [
        ["shirt", "shoe"],
        ["shoe", "shirt"],
      ],
    );
  });

  it("asks which of several sets is meant", async () => {
    for (const set of ["emnist-letters-", "emnist-digits-"]) {
      write(`${set}test-images-idx3-ubyte`, idx([1, 1, 1], [0]));
      write(`${set}test-labels-idx1-ubyte`, idx([1], [7]));
    }
    await assert.rejects(readIdx(root), { code: "E_DATA_LAYOUT", message: /"emnist-digits-", "emnist-letters-"/ });
    const { entries } = await readIdx(join(root, "emnist-digits-test-images-idx3-ubyte"));
    assert.deepEqual(
      entries.map(({ id, labels }) => [id, labels[0]]),
      [["test/0", "7"]],
    );
  });

  it("refuses damaged files", async () => {
    const images = "train-images-idx3-ubyte";
    const labels = "train-labels-idx1-ubyte";
    write(images, idx([2, 1, 1], [1, 2]));
    await assert.rejects(readIdx(root), { code: "E_DATA_NOT_FOUND", message: /train-labels-idx1-ubyte/ });
    write(labels, idx([3], [1, 2, 3]));
    await assert.rejects(readIdx(root), { code: "E_DATA_FORMAT", message: /3 labels for 2 pictures/ });
    write(labels, idx([2], [1, 2, 3]));
    await assert.rejects(readIdx(root), { code: "E_DATA_FORMAT", message: /expected 2 bytes, found 3/ });
    write(labels, idx([2, 1], [1, 2]));
    await assert.rejects(readIdx(root), { code: "E_DATA_FORMAT", message: /does not begin with 2049/ });
    write(labels, new Uint8Array(0));
    await assert.rejects(readIdx(root), { code: "E_DATA_FORMAT", message: /does not begin with 2049/ });
    write(labels, gzipSync(idx([2], [1, 2])).subarray(0, 20));
    await assert.rejects(readIdx(root), { code: "E_DATA_FORMAT", message: /unexpected end/ });
    write(labels, idx([2], [1, 2]));
    write(images, idx([2 ** 31, 1000, 1000], [1]));
    await assert.rejects(readIdx(root), { code: "E_DATA_FORMAT", message: /found 1/ });
  });
});
