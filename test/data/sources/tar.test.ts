import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pack } from "tar-stream";
import type { Header } from "tar-stream";
import type { Entry } from "../../../toolkit/data/entry.ts";
import { readTar } from "../../../toolkit/data/sources/tar.ts";
import type { FilePart } from "../../../toolkit/images/decoder.ts";

type Other = Partial<Header> & Pick<Header, "name">;

function contentOf(entry: Entry | undefined): string {
  assert.ok(entry?.picture);
  const { file, offset, length } = entry.picture as FilePart;
  return readFileSync(file).toString("utf8", offset, offset + length);
}

describe("data/sources/tar", () => {
  let root = "";
  let count = 0;
  before(() => {
    root = mkdtempSync(join(tmpdir(), "graft-tar-"));
  });
  after(() => rmSync(root, { recursive: true }));

  /** A tar of files whose content is their name, and of other entries. */
  async function tarOf(...entries: readonly (string | Other)[]): Promise<string> {
    const tar = pack();
    for (const entry of entries) {
      if (typeof entry === "string") tar.entry({ name: entry }, `content of ${entry}`);
      else tar.entry(entry, () => {});
    }
    tar.finalize();
    const pieces: Uint8Array[] = [];
    for await (const piece of tar) pieces.push(piece as Uint8Array);
    const path = join(root, `${count++}.tar`);
    writeFileSync(path, Buffer.concat(pieces));
    return path;
  }

  it("finds photos in their folders, and where their bytes are", async () => {
    const long = `b/${"long ".repeat(40)}\u00E9.jpg`;
    const path = await tarOf({ name: "a", type: "directory" }, "a/1.jpg", "./b/2.png", long);
    const { entries, classes, bad, isMultiLabel } = await readTar(path);
    assert.deepEqual(classes, ["a", "b"]);
    assert.deepEqual(
      entries.map(({ id, labels, part }) => [id, labels, part]),
      [
        ["a/1.jpg", ["a"], undefined],
        ["b/2.png", ["b"], undefined],
        [long, ["b"], undefined],
      ],
    );
    assert.deepEqual([bad, isMultiLabel], [[], false]);
    for (const entry of entries) {
      assert.equal((entry.picture as FilePart).file, path);
      assert.equal(contentOf(entry), `content of ${entry.id === "b/2.png" ? "./b/2.png" : entry.id}`);
    }
  });

  it("reads train, val and test, and passes over a folder around everything", async () => {
    const { entries, classes } = await readTar(
      await tarOf("set/val/a/2.jpg", "set/train/b/1.jpg", "set/train/a/1.jpg", "set/test/b/3.jpg"),
    );
    assert.deepEqual(classes, ["a", "b"]);
    assert.deepEqual(
      entries.map(({ id, labels, part }) => [id, labels[0], part]),
      [
        ["train/a/1.jpg", "a", "train"],
        ["train/b/1.jpg", "b", "train"],
        ["val/a/2.jpg", "a", "validation"],
        ["test/b/3.jpg", "b", "test"],
      ],
    );
  });

  it("leaves out links and other files, saying so, and hidden ones without a word", async () => {
    const path = await tarOf("a/1.jpg", "b/1.jpg", "a/notes.txt", "a/._1.jpg", "__MACOSX/a/1.jpg", {
      name: "a/link.jpg",
      type: "symlink",
      linkname: "/etc/passwd",
    });
    const { entries, bad } = await readTar(path);
    assert.equal(entries.length, 2);
    assert.deepEqual(
      bad.map((b) => [b.path, b.code]),
      [
        [`${path}/a/notes.txt`, "E_IMAGE_FORMAT"],
        [`${path}/a/link.jpg`, "E_IMAGE_READ"],
      ],
    );
  });

  it("takes the last of one name, as unpacking does", async () => {
    const path = await tarOf("a/1.jpg", "b/1.jpg", "./a/1.jpg");
    const { entries } = await readTar(path);
    assert.equal(contentOf(entries.find(({ id }) => id === "a/1.jpg")), "content of ./a/1.jpg");
  });

  it("refuses what a folder is refused for, and a broken file", async () => {
    await assert.rejects(readTar(await tarOf("1.jpg", "2.jpg")), { code: "E_DATA_LAYOUT" });
    await assert.rejects(readTar(await tarOf("a/1.jpg", "a/2.jpg")), { code: "E_DATA_ONE_CLASS" });
    await assert.rejects(readTar(await tarOf()), { code: "E_DATA_EMPTY" });
    const path = await tarOf("a/1.jpg", "b/1.jpg");
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.subarray(0, 1030));
    await assert.rejects(readTar(path), { code: "E_DATA_FORMAT", message: /Unexpected end/ });
    // in the middle of a photo
    writeFileSync(path, bytes.subarray(0, 520));
    await assert.rejects(readTar(path), { code: "E_DATA_FORMAT", message: /Unexpected end/ });
    bytes[1030] = 255;
    writeFileSync(path, bytes);
    await assert.rejects(readTar(path), { code: "E_DATA_FORMAT", message: /[Ii]nvalid tar header/ });
  });
});
