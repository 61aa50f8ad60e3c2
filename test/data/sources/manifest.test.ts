import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { DataSource, Entry } from "../../../toolkit/data/entry.ts";
import { readManifest } from "../../../toolkit/data/sources/manifest.ts";
import type { SourceOptions } from "../../../toolkit/data/sources/source-options.ts";
import { ToolkitError } from "../../../toolkit/errors.ts";

const SHA = "ab".repeat(32);

function withoutPath(entry: Entry): Partial<Entry> {
  return Object.fromEntries(Object.entries(entry).filter(([name]) => name !== "path"));
}

describe("data/sources/manifest", () => {
  let root = "";
  before(() => {
    root = mkdtempSync(join(tmpdir(), "graft-manifest-"));
    for (const name of ["a.jpg", "b.jpg", "c.jpg", "deep/d.jpg", 'odd, "name".jpg']) {
      mkdirSync(dirname(join(root, name)), { recursive: true });
      writeFileSync(join(root, name), "x");
    }
  });
  after(() => rmSync(root, { recursive: true }));
  const read = (text: string, options: SourceOptions = {}): Promise<DataSource> => {
    const path = join(root, "table.csv");
    writeFileSync(path, text);
    return readManifest(path, options);
  };
  const refuses = (text: string, message: RegExp, options: SourceOptions = {}): Promise<void> =>
    assert.rejects(read(text, options), { code: "E_DATA_MANIFEST", message });

  it("reads files and labels, from the table's folder on", async () => {
    const source = await read("file,labels\na.jpg,cat\ndeep/d.jpg,dog\n");
    assert.deepEqual(source, {
      entries: [
        { id: "a.jpg", path: join(root, "a.jpg"), labels: ["cat"] },
        { id: "deep/d.jpg", path: join(root, "deep", "d.jpg"), labels: ["dog"] },
      ],
      isMultiLabel: false,
      bad: [],
    });
  });

  it("reads what else a table may say of a photo, and passes over the other columns", async () => {
    const { entries, columns } = await read(
      "width,File,Label,SPLIT,weight,group,Age\n1,a.jpg,cat,train,0.5,tom,3.5\n2,b.jpg,cat,Val,2,7,-1e2\n3,c.jpg,dog,test,,,0\n",
      { numbers: ["Age"] },
    );
    assert.deepEqual(columns, ["Age"]);
    assert.deepEqual(entries.map(withoutPath), [
      { id: "a.jpg", labels: ["cat"], numbers: [3.5], part: "train", weight: 0.5, group: "tom" },
      { id: "b.jpg", labels: ["cat"], numbers: [-100], part: "validation", weight: 2, group: "7" },
      { id: "c.jpg", labels: ["dog"], numbers: [0], part: "test" },
    ]);
  });

  it("reads several labels, or none, where any photo has several", async () => {
    const { entries, isMultiLabel } = await read("file,labels\na.jpg,cat| dog |cat\nb.jpg,\nc.jpg,dog\n");
    assert.equal(isMultiLabel, true);
    assert.deepEqual(
      entries.map((e) => e.labels),
      [["cat", "dog"], [], ["dog"]],
    );
  });

  it("takes single labels for several where that is said", async () => {
    const text = "file,labels\na.jpg,cat\nb.jpg,dog\n";
    assert.equal((await read(text)).isMultiLabel, false);
    assert.equal((await read(text, { isMultiLabel: true })).isMultiLabel, true);
    await refuses("file,labels\na.jpg,cat|dog\n", /line 2 .* expected one label, got 2/, { isMultiLabel: false });
  });

  it("needs no labels where numbers are learnt", async () => {
    const { entries, columns, isMultiLabel } = await read("file,x,y\na.jpg,1,2\n", { numbers: ["y", "x"] });
    assert.deepEqual([entries[0]?.labels, entries[0]?.numbers, columns, isMultiLabel], [[], [2, 1], ["y", "x"], false]);
  });

  for (const [name, text] of [
    ["tabs", "file\tlabels\na.jpg\tcat, big\nb.jpg\tdog\n"],
    ["semicolons", "file;labels\na.jpg;cat, big\nb.jpg;dog\n"],
    ["quotes", 'file,labels\n"a.jpg","cat, big"\nb.jpg,dog\n'],
    ["a byte order mark and Windows' line ends", '\u{FEFF}file,labels\r\na.jpg,"cat, big"\r\n\r\nb.jpg,dog'],
    ["JSON lines", '{"file":"a.jpg","labels":["cat, big"]}\n\n{"file":"b.jpg","label":"x","labels":"dog"}\n'],
  ] as const) {
    it(`reads ${name}`, async () => {
      const { entries } = await read(text);
      assert.deepEqual(
        entries.map(({ id, labels }) => [id, labels]),
        [
          ["a.jpg", ["cat, big"]],
          ["b.jpg", ["dog"]],
        ],
      );
    });
  }

  it("reads names with commas and quotes", async () => {
    const { entries } = await read('file,labels\n"odd, ""name"".jpg",cat\n');
    assert.equal(entries[0]?.path, join(root, 'odd, "name".jpg'));
  });

  it("reads the types of JSON", async () => {
    const { entries } = await read(
      '{"file":"a.jpg","labels":["cat","dog"],"split":"valid","weight":3,"group":12,"age":1.5}\n{"file":"b.jpg","labels":[],"age":"2"}\n',
      { numbers: ["age"] },
    );
    assert.deepEqual(entries.map(withoutPath), [
      { id: "a.jpg", labels: ["cat", "dog"], numbers: [1.5], part: "validation", weight: 3, group: "12" },
      { id: "b.jpg", labels: [], numbers: [2] },
    ]);
  });

  it("composes accents", async () => {
    const { entries } = await read("file,labels\na.jpg,e\u0301te\u0301\n");
    assert.deepEqual(entries[0]?.labels, ["\u00E9t\u00E9"]);
  });

  it("leaves out a photo that is not there, naming its line", async () => {
    const { entries, bad } = await read("file,labels\na.jpg,cat\ngone.jpg,dog\ndeep,dog\n");
    assert.equal(entries.length, 1);
    assert.deepEqual(
      bad.map((b) => [b.path, b.code]),
      [
        [join(root, "gone.jpg"), "E_IMAGE_READ"],
        [join(root, "deep"), "E_IMAGE_READ"],
      ],
    );
    assert.match(bad[0]?.message ?? "", /line 3 .*no such file/);
  });

  it("refuses a table of nothing", async () => {
    await assert.rejects(read("file,labels\n"), { code: "E_DATA_EMPTY", hint: /a line for each photo/ });
    await assert.rejects(read("file,labels\ngone.jpg,cat\n"), { code: "E_DATA_EMPTY", hint: /1 left out.*gone/ });
  });

  it("refuses what it cannot use, naming the line", async () => {
    await refuses("file,labels\na.jpg,cat\n,dog\n", /line 3 .*expected a path as "file", got nothing|line 3 .*got ""/);
    await refuses("file,labels,split\na.jpg,cat,training set\n", /line 2 .*train, validation or test.*"training set"/);
    await refuses("file,labels,split\na.jpg,cat,constructor\n", /line 2 .*"constructor"/);
    await refuses("file,labels,weight\na.jpg,cat,-1\n", /line 2 .*"weight", got "-1"/);
    await refuses("file,labels,weight\na.jpg,cat,heavy\n", /line 2 .*a number as "weight", got "heavy"/);
    await refuses("file,labels,age\na.jpg,cat,1\nb.jpg,cat,?\n", /line 3 .*a number as "age", got "\?"/, {
      numbers: ["age"],
    });
    await refuses("file,labels\na.jpg,cat\nb.jpg,\n", /line 3 .*expected one label, got 0/);
    await refuses("file,labels\na.jpg,cat\n./a.jpg,dog\n", /line 3 .*"\.\/a\.jpg" stands on line 2 too/);
    await refuses("file,labels\na.jpg,cat,more\n", /line 2/);
    await refuses('file,labels\n"a.jpg,cat\n', /Cannot read/);
    await refuses('{"file":"a.jpg","labels":"cat"}\n{"file":\n', /line 2 /);
    await refuses('{"file":"a.jpg","labels":{"cat":1}}\n', /line 1 .*separated by "\|".*\{"cat":1\}/);
    await refuses('{"file":"a.jpg","labels":[["cat"]]}\n', /line 1 .*separated by "\|"/);
  });

  it("names the columns that are missing, and what comes nearest", async () => {
    await refuses("path,labels\na.jpg,cat\n", /no column "file", only "path", "labels"/);
    await assert.rejects(read("file,lables\na.jpg,cat\n"), { code: "E_DATA_MANIFEST", hint: 'did you mean "lables"?' });
    await assert.rejects(read("file,age\na.jpg,1\n", { numbers: ["ages"] }), { hint: 'did you mean "age"?' });
  });

  it("gets photos from addresses, once their digest is known", async () => {
    const asked: string[] = [];
    const fetchFile = async (url: string, sha256: string): Promise<string> => {
      asked.push(`${url} ${sha256}`);
      if (url.endsWith("broken.jpg")) throw new ToolkitError("E_DOWNLOAD_CHECKSUM", "Cannot use it");
      return join(root, "b.jpg");
    };
    const text = `file,labels,sha256\na.jpg,cat,\nhttps://x.test/1.jpg,dog,${SHA.toUpperCase()}\nhttps://x.test/broken.jpg,dog,${SHA}\n`;
    const { entries, bad } = await read(text, { fetchFile });
    assert.deepEqual(asked, [`https://x.test/1.jpg ${SHA}`, `https://x.test/broken.jpg ${SHA}`]);
    assert.deepEqual(entries[1], {
      id: "https://x.test/1.jpg",
      path: "https://x.test/1.jpg",
      picture: join(root, "b.jpg"),
      labels: ["dog"],
    });
    assert.deepEqual(
      bad.map((b) => [b.path, b.code]),
      [["https://x.test/broken.jpg", "E_DOWNLOAD_CHECKSUM"]],
    );
    const stop = (): Promise<string> => Promise.reject(new ToolkitError("E_STOPPED", "Stopped"));
    await assert.rejects(read(text, { fetchFile: stop }), { code: "E_STOPPED" });
  });

  it("refuses addresses without a digest, without encryption, and where nothing downloads", async () => {
    const fetchFile = (): Promise<string> => assert.fail("nothing is to be fetched");
    await refuses("file,labels\nhttps://x.test/1.jpg,dog\n", /line 2 .*no sha256/, { fetchFile });
    await refuses("file,labels,sha256\nhttps://x.test/1.jpg,dog,12\n", /line 2 .*64 hexadecimal/, { fetchFile });
    await refuses(`file,labels,sha256\nhttp://x.test/1.jpg,dog,${SHA}\n`, /no https address/, { fetchFile });
    await refuses(`file,labels,sha256\nhttps://x.test/1.jpg,dog,${SHA}\n`, /cannot be downloaded/);
  });
});
