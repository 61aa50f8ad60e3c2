import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readCifar } from "../../../toolkit/data/sources/cifar.ts";
import type { Entry } from "../../../toolkit/data/entry.ts";
import type { Pixels } from "../../../toolkit/images/decoder.ts";

/** A record: labels, then planes of red 10 + pixel, green 20 + pixel, blue 30 + pixel, modulo 256. */
function record(...labels: readonly number[]): Uint8Array {
  const planes = [10, 20, 30].flatMap((start) => Array.from({ length: 1024 }, (_, i) => (start + i) % 256));
  return Uint8Array.from([...labels, ...planes]);
}

function pixelsOf(entry: Entry | undefined): Pixels {
  assert.ok(entry?.picture);
  return entry.picture as Pixels;
}

describe("data/sources/cifar", () => {
  let root = "";
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "graft-cifar-"));
  });
  afterEach(() => rmSync(root, { recursive: true }));
  const write = (name: string, ...parts: readonly (Uint8Array | string)[]): void =>
    writeFileSync(join(root, name), Buffer.concat(parts.map((part) => Buffer.from(part))));

  it("reads the batches of CIFAR-10 with the names of its classes", async () => {
    write("data_batch_2.bin", record(1));
    write("data_batch_1.bin", record(2), record(0));
    write("test_batch.bin", record(1));
    write("batches.meta.txt", "airplane\nautomobile\nbird\n\n");
    const { entries, classes, isMultiLabel } = await readCifar(root);
    assert.deepEqual(classes, ["airplane", "automobile", "bird"]);
    assert.equal(isMultiLabel, false);
    assert.deepEqual(
      entries.map(({ id, labels, part }) => [id, labels[0], part]),
      [
        ["data_batch_1/0", "bird", "train"],
        ["data_batch_1/1", "airplane", "train"],
        ["data_batch_2/0", "automobile", "train"],
        ["test_batch/0", "automobile", "test"],
      ],
    );
    const { width, height, data } = pixelsOf(entries[1]);
    assert.deepEqual([width, height, data.length], [32, 32, 3072]);
    assert.deepEqual([...data.subarray(0, 6), ...data.subarray(3069)], [10, 20, 30, 11, 21, 31, 9, 19, 29]);
    // views of one buffer
    assert.equal(pixelsOf(entries[0]).data.buffer, data.buffer);
  });

  it("reads the fine classes of CIFAR-100, by number where the file of names is empty", async () => {
    write("train.bin", record(0, 2), record(1, 1));
    write("test.bin", record(1, 0));
    write("fine_label_names.txt", "apple\nbaby\nbear\n");
    const { entries, classes } = await readCifar(root);
    assert.deepEqual(classes, ["apple", "baby", "bear"]);
    assert.deepEqual(
      entries.map(({ id, labels, part }) => [id, labels[0], part]),
      [
        ["train/0", "bear", "train"],
        ["train/1", "baby", "train"],
        ["test/0", "apple", "test"],
      ],
    );
    assert.equal(pixelsOf(entries[0]).data[0], 10);
  });

  it("calls classes by number where no file names them", async () => {
    write("data_batch_1.bin", record(0), record(3));
    assert.deepEqual((await readCifar(root)).classes, ["0", "1", "2", "3"]);
  });

  it("refuses files that end in the middle, and classes without a name", async () => {
    write("data_batch_1.bin", record(0), "more");
    await assert.rejects(readCifar(root), { code: "E_DATA_FORMAT", message: /records of 3073 bytes, found 3077/ });
    write("data_batch_1.bin", record(5));
    write("batches.meta.txt", "airplane\n");
    await assert.rejects(readCifar(root), { code: "E_DATA_FORMAT", message: /class 5, there are 1/ });
  });
});
