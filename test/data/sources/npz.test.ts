import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zipSync } from "fflate";
import { readNpy } from "../../../toolkit/data/sources/npy.ts";
import { readNpz } from "../../../toolkit/data/sources/npz.ts";
import type { Pixels } from "../../../toolkit/images/decoder.ts";

/** The file that NumPy writes of an array. */
function npy(
  descr: string,
  shape: readonly number[],
  bytes: Uint8Array,
  { version = 1, fortran = "False" } = {},
): Uint8Array {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
  const head = `{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': ${tuple}, }`;
  const start = version === 1 ? 10 : 12;
  const padded = `${head.padEnd(Math.ceil((start + head.length + 1) / 64) * 64 - start - 1)}\n`;
  const magic = Buffer.alloc(start);
  magic.write("\u0093NUMPY", "latin1");
  magic[6] = version;
  if (version === 1) magic.writeUInt16LE(padded.length, 8);
  else magic.writeUInt32LE(padded.length, 8);
  return Buffer.concat([magic, Buffer.from(padded, "latin1"), bytes]);
}

const u1 = (shape: readonly number[], values: readonly number[]): Uint8Array =>
  npy("|u1", shape, Uint8Array.from(values));
const bytesOf = (data: { buffer: ArrayBufferLike }): Uint8Array => new Uint8Array(data.buffer);

describe("data/sources/npy", () => {
  it("reads numbers of every type, in every version", () => {
    const cases: readonly (readonly [string, Uint8Array, readonly number[]])[] = [
      ["|u1", Uint8Array.of(1, 255), [1, 255]],
      ["|b1", Uint8Array.of(0, 1), [0, 1]],
      ["|i1", Uint8Array.of(1, 255), [1, -1]],
      ["<u2", bytesOf(Uint16Array.of(1, 65535)), [1, 65535]],
      ["<i2", bytesOf(Int16Array.of(1, -2)), [1, -2]],
      ["<u4", bytesOf(Uint32Array.of(1, 2 ** 32 - 1)), [1, 2 ** 32 - 1]],
      ["<i4", bytesOf(Int32Array.of(1, -2)), [1, -2]],
      ["<i8", bytesOf(BigInt64Array.of(1n, -2n)), [1, -2]],
      ["<u8", bytesOf(BigUint64Array.of(1n, 2n ** 40n)), [1, 2 ** 40]],
      ["<f4", bytesOf(Float32Array.of(0.5, -2)), [0.5, -2]],
      ["<f8", bytesOf(Float64Array.of(0.1, -2)), [0.1, -2]],
    ];
    for (const [type, bytes, values] of cases) {
      for (const version of [1, 2]) {
        const { shape, data } = readNpy(npy(type, [2], bytes, { version }), "x");
        assert.deepEqual([shape, [...data]], [[2], values], type);
      }
    }
    assert.deepEqual(readNpy(u1([2, 3, 1], [1, 2, 3, 4, 5, 6]), "x").shape, [2, 3, 1]);
    assert.deepEqual(readNpy(u1([], [7]), "x").shape, []);
  });

  it("refuses what it does not read", () => {
    const refuses = (bytes: Uint8Array, message: RegExp): void =>
      assert.throws(() => readNpy(bytes, "x.npy"), { code: "E_DATA_FORMAT", message });
    refuses(Buffer.from("something else"), /"x.npy".*does not begin/);
    refuses(u1([2, 2], [1, 2, 3]), /expected 4 bytes of data, found 3/);
    refuses(npy(">i4", [1], new Uint8Array(4)), /">i4", expected little-endian/);
    refuses(npy("<c8", [1], new Uint8Array(8)), /"<c8"/);
    refuses(npy("|u1", [1, 1], new Uint8Array(1), { fortran: "True" }), /column-major/);
    refuses(npy("|O", [1], new Uint8Array(1)), /type/);
    refuses(u1([1], [1]).subarray(0, 40), /header/);
  });
});

describe("data/sources/npz", () => {
  let root = "";
  before(() => {
    root = mkdtempSync(join(tmpdir(), "graft-npz-"));
  });
  after(() => rmSync(root, { recursive: true }));
  const write = (arrays: Readonly<Record<string, Uint8Array>>): string => {
    const path = join(root, "set.npz");
    const files = Object.entries(arrays).map(([name, bytes]) => [`${name}.npy`, bytes] as const);
    writeFileSync(path, zipSync(Object.fromEntries(files)));
    return path;
  };
  const colour = Array.from({ length: 12 }, (_, i) => i * 20);

  it("reads grey and coloured pictures of MedMNIST with their parts", async () => {
    const path = write({
      train_images: u1([2, 1, 2], [1, 2, 3, 4]),
      train_labels: u1([2, 1], [2, 0]),
      val_images: u1([1, 1, 2], [5, 6]),
      val_labels: npy("<i8", [1, 1], bytesOf(BigInt64Array.of(1n))),
      test_images: u1([1, 2, 2, 3], colour),
      test_labels: u1([1, 1], [1]),
    });
    const { entries, classes, isMultiLabel } = await readNpz(path);
    assert.deepEqual([classes, isMultiLabel], [["0", "1", "2"], false]);
    assert.deepEqual(
      entries.map(({ id, labels, part }) => [id, labels, part]),
      [
        ["train/0", ["2"], "train"],
        ["train/1", ["0"], "train"],
        ["validation/0", ["1"], "validation"],
        ["test/0", ["1"], "test"],
      ],
    );
    const [, second, , last] = entries.map(({ picture }) => picture as Pixels);
    assert.deepEqual([second?.width, second?.height, [...(second?.data ?? [])]], [2, 1, [3, 3, 3, 4, 4, 4]]);
    assert.deepEqual([last?.width, last?.height, [...(last?.data ?? [])]], [2, 2, colour]);
  });

  it("reads rows of 0 and 1 as several labels", async () => {
    const path = write({
      train_images: u1([3, 1, 1], [1, 2, 3]),
      train_labels: u1([3, 3], [1, 0, 1, 0, 0, 0, 0, 1, 0]),
    });
    const { entries, classes, isMultiLabel } = await readNpz(path, { classNames: ["mass", "nodule", "fluid"] });
    assert.deepEqual([classes, isMultiLabel], [["mass", "nodule", "fluid"], true]);
    assert.deepEqual(
      entries.map((e) => e.labels),
      [["mass", "fluid"], [], ["nodule"]],
    );
  });

  it("reads the names of Keras' data sets", async () => {
    const path = write({
      x_train: u1([1, 1, 1], [1]),
      y_train: u1([1], [1]),
      x_test: u1([1, 1, 1], [1]),
      y_test: u1([1], [0]),
    });
    const { entries } = await readNpz(path);
    assert.deepEqual(
      entries.map(({ labels, part }) => [labels[0], part]),
      [
        ["1", "train"],
        ["0", "test"],
      ],
    );
  });

  it("refuses what it cannot use", async () => {
    const refuses = (arrays: Readonly<Record<string, Uint8Array>>, message: RegExp): Promise<void> =>
      assert.rejects(readNpz(write(arrays)), { code: "E_DATA_FORMAT", message });
    const train_images = u1([2, 1, 1], [1, 2]);
    await refuses({ weights: train_images }, /expected "train_images".*found "weights.npy"/);
    await refuses({ train_images }, /"train_images" has no "train_labels"/);
    await refuses({ train_images, train_labels: u1([3], [1, 2, 3]) }, /3 labels for 2/);
    await refuses({ train_images, train_labels: u1([2, 2], [1, 0, 2, 0]) }, /has 2, 0 at 1, expected 0 or 1/);
    await refuses(
      { train_images, train_labels: npy("<f4", [2], bytesOf(Float32Array.of(1, 0.5))) },
      /0.5 at 1, expected a class/,
    );
    await refuses(
      { train_images: u1([1, 1, 1, 1, 1], [1]), train_labels: u1([1], [1]) },
      /is uint8 \[1,1,1,1,1\], expected uint8/,
    );
    await refuses(
      { train_images: npy("<f4", [1, 1, 1], new Uint8Array(4)), train_labels: u1([1], [1]) },
      /expected uint8/,
    );
    const path = write({ train_images });
    writeFileSync(path, "PK\u0003\u0004 and no more");
    await assert.rejects(readNpz(path), { code: "E_DATA_FORMAT" });
  });
});
