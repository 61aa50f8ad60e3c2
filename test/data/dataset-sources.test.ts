import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pack } from "tar-stream";
import { datasetFingerprint } from "../../toolkit/data/dataset-fingerprint.ts";
import {
  type Dataset,
  type DatasetOptions,
  datasetOf,
  evaluateSet,
  type EvaluationOptions,
  readDataset,
} from "../../toolkit/data/dataset.ts";
import { sourceOf } from "../../toolkit/data/decode-photo.ts";
import type { DataSource } from "../../toolkit/data/entry.ts";
import { hashFile } from "../../toolkit/data/hash.ts";

describe("data/dataset of tables and archives", () => {
  let root = "";
  before(() => {
    root = mkdtempSync(join(tmpdir(), "graft-dataset-"));
    for (let i = 0; i < 10; i++) writeFileSync(join(root, `${i}.jpg`), "x");
  });
  after(() => rmSync(root, { recursive: true }));
  const table = (...lines: readonly string[]): string => {
    writeFileSync(join(root, "table.csv"), lines.join("\n"));
    return join(root, "table.csv");
  };
  const read = (lines: readonly string[], options: DatasetOptions = {}): Promise<Dataset> =>
    readDataset(table(...lines), options);

  it("numbers the classes of a table by name", async () => {
    const { classes, train, validation, test, isMultiLabel, columns } = await read([
      "file,labels,split,weight,group",
      "0.jpg,dog,train,2,x",
      "1.jpg,cat,train,,",
      "2.jpg,dog,val,,",
      "3.jpg,cat,test,,",
    ]);
    assert.deepEqual(classes, ["cat", "dog"]);
    assert.deepEqual(train, [
      { id: "0.jpg", path: join(root, "0.jpg"), label: 1, weight: 2, group: "x" },
      { id: "1.jpg", path: join(root, "1.jpg"), label: 0 },
    ]);
    assert.deepEqual(
      [validation, test].map((part) => part?.map((s) => [s.id, s.label])),
      [[["2.jpg", 1]], [["3.jpg", 0]]],
    );
    assert.deepEqual([isMultiLabel, columns], [undefined, undefined]);
  });

  it("gives photos of several labels all of them, and those of none none", async () => {
    const { classes, train, isMultiLabel } = await read([
      "file,labels,split",
      "0.jpg,dog|ant,train",
      "1.jpg,,train",
      "2.jpg,cat,train",
      "3.jpg,cat,val",
    ]);
    assert.deepEqual([classes, isMultiLabel], [["ant", "cat", "dog"], true]);
    assert.deepEqual(
      train.map(({ label, labels }) => [label, labels]),
      [
        [2, [2, 0]],
        [-1, []],
        [1, [1]],
      ],
    );
  });

  it("takes numbers alone, or beside classes", async () => {
    const lines = ["file,age,labels", ...Array.from({ length: 10 }, (_, i) => `${i}.jpg,${i},${i % 2}`)];
    const both = await read(lines, { numbers: ["age"] });
    assert.deepEqual(
      [both.classes, both.columns, both.train.length, both.validation.length],
      [["0", "1"], ["age"], 8, 2],
    );
    assert.ok(both.train.every((s) => s.numbers?.[0] === Number(s.id[0]) && s.label === Number(s.id[0]) % 2));
    const alone = await read(["file,age", "0.jpg,4", "1.jpg,5"], { numbers: ["age"], validationShare: 0.5 });
    assert.deepEqual([alone.classes, alone.train[0]?.label, alone.train.length], [[], -1, 1]);
  });

  it("splits a table by group and by share", async () => {
    const lines = [
      "file,labels,group",
      ...Array.from({ length: 10 }, (_, i) => `${i}.jpg,${i % 2},g${Math.floor(i / 2)}`),
    ];
    const { train, validation } = await read(lines);
    const groups = new Set(train.map((s) => s.group));
    assert.ok(validation.length > 0 && validation.every((s) => !groups.has(s.group)));
    const { test } = await read(lines, { by: "random", testShare: 0.4 });
    assert.equal(test?.length, 4);
  });

  it("has a fingerprint of labels, numbers and weights", async () => {
    const print = async (lines: readonly string[], options: DatasetOptions = {}): Promise<string> =>
      datasetFingerprint(await read(["file,labels,split,weight,age", ...lines, "2.jpg,a,val,,1"], options));
    const lines = ["0.jpg,a,train,1,1", "1.jpg,b,train,1,2"];
    const plain = await print(lines);
    assert.equal(await print(lines), plain);
    const others = [
      await print(["0.jpg,a,train,1,1", "1.jpg,b,train,2,2"]),
      await print(["0.jpg,a,train,1,1", "1.jpg,a|b,train,1,2"]),
      await print(["0.jpg,b,train,1,1", "1.jpg,a,train,1,2"]),
      await print(lines, { numbers: ["age"] }),
      await print(["0.jpg,a,train,1,1", "1.jpg,b,train,1,3"], { numbers: ["age"] }),
      await print(lines, { isMultiLabel: true }),
    ];
    assert.equal(new Set([plain, ...others]).size, others.length + 1);
  });

  it("is the same set as a folder, a tar of it and a table of it", async () => {
    const folder = join(root, "set");
    const files = ["train/ant/1.jpg", "train/ant/2.jpg", "train/bee/3.jpg", "val/ant/4.jpg", "val/bee/5.jpg"];
    const tar = pack();
    for (const file of files) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), file);
      tar.entry({ name: file }, file);
    }
    tar.finalize();
    const pieces: Uint8Array[] = [];
    for await (const piece of tar) pieces.push(piece as Uint8Array);
    writeFileSync(join(root, "set.tar"), Buffer.concat(pieces));
    const lines = files.map((file) => `${file},${file.split("/")[1]},${file.split("/")[0]}`);
    writeFileSync(join(folder, "table.tsv"), ["file,labels,split", ...lines].join("\n").replaceAll(",", "\t"));
    const plain = await readDataset(folder);
    for (const path of [join(root, "set.tar"), join(folder, "table.tsv")]) {
      const other = await readDataset(path);
      assert.equal(await datasetFingerprint(other), await datasetFingerprint(plain), path);
      const digests = async ({ train }: Dataset): Promise<readonly string[]> =>
        Promise.all(train.map((sample) => hashFile(sourceOf(sample))));
      assert.deepEqual(await digests(other), await digests(plain));
    }
  });

  it("refuses labels that only validation has, one class, and no training photo", async () => {
    await assert.rejects(read(["file,labels,split", "0.jpg,a,train", "1.jpg,b,train", "2.jpg,c,val"]), {
      code: "E_DATA_CLASSES",
      message: /"c" is none of the classes "a", "b"/,
    });
    await assert.rejects(read(["file,labels", "0.jpg,a", "1.jpg,a"]), {
      code: "E_DATA_ONE_CLASS",
      message: /only "a"/,
    });
    await assert.rejects(read(["file,labels", "0.jpg,", "1.jpg,"], { isMultiLabel: true }), {
      code: "E_DATA_ONE_CLASS",
    });
    await assert.rejects(read(["file,labels,split", "0.jpg,a,val", "1.jpg,b,val"]), {
      code: "E_DATA_EMPTY",
      message: /none of its 2/,
    });
  });

  it("lets one label be there or not", async () => {
    const { classes } = await read(["file,labels", "0.jpg,cat", "1.jpg,"], { isMultiLabel: true, validationShare: 0 });
    assert.deepEqual(classes, ["cat"]);
  });

  it("keeps the order that a source gives its classes, and leaves out what has no part", () => {
    const source: DataSource = {
      entries: ["b", "a", "b"].map((label, i) => ({ id: `${i}`, path: `${i}`, labels: [label] })),
      classes: ["b", "a", "never"],
      isMultiLabel: false,
      bad: [],
    };
    const { classes, train, validation } = datasetOf(source, ["train", "validation", undefined], "x");
    assert.deepEqual(
      [classes, train.map((s) => s.label), validation.map((s) => s.label)],
      [["b", "a", "never"], [0], [1]],
    );
  });

  it("refuses a photo without a label among others with one", () => {
    const entries = [["a"], ["b"], []].map((labels, i) => ({ id: `${i}`, path: `${i}`, labels }));
    const parts = entries.map(() => "train" as const);
    assert.throws(() => datasetOf({ entries, isMultiLabel: false, bad: [] }, parts, "x"), {
      code: "E_DATA_CLASSES",
      message: /expected one label for each photo, "2" has 0/,
    });
  });

  it("evaluateSet takes what validates, else the test, else all", async () => {
    const ids = async (...splits: readonly string[]): Promise<readonly string[]> => {
      const path = table("file,labels,split", ...splits.map((split, i) => `${i}.jpg,${i % 2},${split}`));
      return (await evaluateSet(path, ["1", "0"])).samples.map((s) => `${s.id} ${s.label}`);
    };
    assert.deepEqual(await ids("train", "val", "test"), ["1.jpg 0"]);
    assert.deepEqual(await ids("train", "train", "test"), ["2.jpg 1"]);
    assert.deepEqual(await ids("", ""), ["0.jpg 1", "1.jpg 0"]);
    await assert.rejects(evaluateSet(table("file,labels", "0.jpg,x"), ["y"]), { code: "E_DATA_CLASSES" });
  });

  it("evaluateSet takes the part that is asked for, as the data or a run divide them", async () => {
    const path = table("file,labels,split", "0.jpg,a,train", "1.jpg,b,val", "2.jpg,a,test", "3.jpg,b,test");
    const ids = async (options: EvaluationOptions): Promise<readonly string[]> =>
      (await evaluateSet(path, ["a", "b"], options)).samples.map((s) => s.id);
    assert.deepEqual(await ids({ part: "test" }), ["2.jpg", "3.jpg"]);
    assert.deepEqual(await ids({ part: "train" }), ["0.jpg"]);
    const lists = {
      method: "random",
      settings: {},
      parts: { train: ["2.jpg"], validation: ["3.jpg"], test: ["0.jpg"] },
      leftOut: ["1.jpg"],
    };
    assert.deepEqual(await ids({ lists }), ["3.jpg"]);
    assert.deepEqual(await ids({ lists, part: "test" }), ["0.jpg"]);
    const undivided = table("file,labels", "0.jpg,a", "1.jpg,b");
    await assert.rejects(evaluateSet(undivided, ["a", "b"], { part: "test" }), {
      code: "E_DATA_EMPTY",
      message: /none of its 2 photos is for the test/,
      hint: /split\.json/,
    });
  });
});
