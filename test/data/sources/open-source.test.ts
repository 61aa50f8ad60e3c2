import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { zipSync } from "fflate";
import { pack } from "tar-stream";
import { openSource } from "../../../toolkit/data/sources/open-source.ts";
import { sourceKind } from "../../../toolkit/data/sources/source-kind.ts";

const IDX = Buffer.from([0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 7]);

async function tarBytes(...names: readonly string[]): Promise<Buffer> {
  const tar = pack();
  for (const name of names) tar.entry({ name }, "x".repeat(3000));
  tar.finalize();
  const pieces: Uint8Array[] = [];
  for await (const piece of tar) pieces.push(piece as Uint8Array);
  return Buffer.concat(pieces);
}

describe("data/sources/open-source", () => {
  let root = "";
  before(() => {
    root = mkdtempSync(join(tmpdir(), "graft-open-"));
  });
  after(() => rmSync(root, { recursive: true }));
  const file = (name: string, content: string | Uint8Array): string => {
    writeFileSync(join(root, name), content);
    return join(root, name);
  };
  const folder = (name: string, ...files: readonly string[]): string => {
    mkdirSync(join(root, name));
    for (const one of files) writeFileSync(join(root, name, one), '{"bin":');
    return join(root, name);
  };

  it("sourceKind tells files by content, whatever they are called", async () => {
    const tar = await tarBytes("a/1.jpg");
    const cases: readonly (readonly [string, string | Uint8Array])[] = [
      ["manifest", "file,labels\na.jpg,cat\n"],
      ["manifest", "weight\tFILE\n"],
      ["manifest", '\u{FEFF}"id";"file"\n'],
      ["manifest", '{"labels": ["x"], "file": "a.jpg"}\n'],
      ["container", '{"bin":"train.bin","count":1'],
      ["container", '{\n  "bin": "x"'],
      ["tar", tar],
      ["npz", zipSync({ "train_images.npy": new Uint8Array(9) })],
      ["idx", IDX],
      ["idx", gzipSync(IDX)],
    ];
    for (const [kind, content] of cases) assert.equal(await sourceKind(file("data.x", content)), kind);
  });

  it("sourceKind tells folders by the names in them", async () => {
    assert.equal(await sourceKind(folder("1", "data_batch_1.bin", "readme.html")), "cifar");
    assert.equal(await sourceKind(folder("2", "train.bin", "fine_label_names.txt")), "cifar");
    assert.equal(await sourceKind(folder("3", "t10k-images-idx3-ubyte.gz")), "idx");
    assert.equal(await sourceKind(folder("4", "train.bin", "train.json")), "container");
    assert.equal(await sourceKind(folder("5", "notes.json", "notes.bin", "x.jpg")), "folders");
    assert.equal(await sourceKind(folder("6")), "folders");
  });

  it("reads what it finds", async () => {
    const path = file("archive", await tarBytes("a/1.jpg", "b/1.jpg"));
    assert.deepEqual((await openSource(path)).classes, ["a", "b"]);
    file("a.jpg", "x");
    const table = file("table", '{"file":"a.jpg","age":3}\n');
    assert.deepEqual((await openSource(table, { numbers: ["age"] })).entries[0]?.numbers, [3]);
  });

  it("names the columns of a table that has others", async () => {
    for (const name of ["photos.csv", "photos.TSV", "photos.jsonl"]) {
      const text =
        name === "photos.jsonl" ? '{"path":"a.jpg"}\n' : name === "photos.csv" ? "path,label\na,b\n" : "path\na\n";
      await assert.rejects(openSource(file(name, text)), {
        code: "E_DATA_MANIFEST",
        message: /no column "file", only "path"/,
      });
    }
    await assert.rejects(openSource(file("pixels.csv", Uint8Array.of(0xff, 0xd8, 0))), { code: "E_DATA_NOT_FOUND" });
  });

  it("says what is read where it is something else", async () => {
    for (const content of [
      "\u00FF\u00D8\u00FF\u00E0",
      "",
      "name,label\na,b\n",
      "{}",
      gzipSync("text"),
      Uint8Array.of(0x1f, 0x8b),
    ]) {
      await assert.rejects(openSource(file("odd", content)), {
        code: "E_DATA_NOT_FOUND",
        message: /expected a folder, a table.*\.tar.*\.npz.*MNIST or CIFAR/,
      });
    }
    const packed = file("photos.tar.gz", gzipSync(await tarBytes("a/1.jpg")));
    await assert.rejects(openSource(packed), { code: "E_DATA_NOT_FOUND", message: /compressed tar/, hint: /gunzip/ });
    await assert.rejects(openSource(join(root, "tabel")), { code: "E_DATA_NOT_FOUND", hint: /did you mean/ });
  });
});
