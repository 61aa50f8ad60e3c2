import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { strToU8, zipSync } from "fflate";
import type { Zippable } from "fflate";
import { fetchArchive } from "../../models/archive.ts";
import { unzip } from "../../models/unzip.ts";
import { fileServer, inTurn, listing, serve, withFolder } from "./file-server.ts";

const text = (s: string): Uint8Array => strToU8(s);

/** Packs the entries, and hands over the archive's path with the folder to unpack into. */
async function withZip(entries: Zippable, test: (path: string, folder: string) => Promise<void>): Promise<void> {
  await withFolder(async (root) => {
    const path = join(root, "a.zip");
    await writeFile(path, zipSync(entries));
    await test(path, join(root, "out"));
  });
}

/** The archive is refused as a whole, and nothing is left beside it. */
async function refuses(path: string, folder: string, message: RegExp): Promise<void> {
  await assert.rejects(unzip(path, folder), { code: "E_DATA_FORMAT", message });
  assert.deepEqual(await listing(join(folder, "..")), ["a.zip"]);
}

describe("models/unzip", () => {
  it("unpacks stored and deflated files into folders", () =>
    withZip(
      {
        "d/train/ants/1 2.jpg": text("one"),
        "d/val/é.jpg": [text("two".repeat(1000)), { level: 0 }],
        "d/empty/": text(""),
      },
      async (path, folder) => {
        await unzip(path, folder);
        assert.equal(await readFile(join(folder, "d/train/ants/1 2.jpg"), "utf8"), "one");
        assert.equal((await readFile(join(folder, "d/val/é.jpg"))).length, 3000);
        assert.deepEqual(await listing(join(folder, "d")), ["train", "val"]);
      },
    ));

  for (const name of ["../x", "a/../../x", "/x", "a//x", "./x", "C:/x", "a\\..\\x", "nul.txt", "a/x.", "a\u0000x"]) {
    it(`refuses the entry ${JSON.stringify(name)}`, () =>
      withZip({ "good.txt": text("good"), [name]: text("bad") }, (path, folder) =>
        refuses(path, folder, /no path inside/),
      ));
  }

  it("refuses two names that are one file on some systems", () =>
    withZip({ "a/X.jpg": text("1"), "a/x.jpg": text("2") }, (path, folder) => refuses(path, folder, /one name/)));

  it("refuses more bytes or files than the limits, before it unpacks", () =>
    withZip({ zeros: new Uint8Array(5_000_000), b: text("b") }, async (path, folder) => {
      await assert.rejects(unzip(path, folder, { maxBytes: 1_000_000 }), {
        code: "E_DATA_FORMAT",
        message: /5000001 bytes/,
      });
      await assert.rejects(unzip(path, folder, { maxFiles: 1 }), { code: "E_DATA_FORMAT", message: /2 files/ });
    }));

  it("refuses an entry that is shorter than it says", () =>
    withZip({ "a.txt": [text("hello"), { level: 0 }] }, async (path, folder) => {
      const zip = await readFile(path);
      const directory = zip.indexOf(Buffer.from([0x50, 0x4b, 1, 2]));
      zip.writeUInt32LE(99, directory + 24);
      await writeFile(path, zip);
      await refuses(path, folder, /another size/);
    }));

  it("writes a link as the plain file it is stored as", () =>
    withZip({ link: [text("/etc/passwd"), { os: 3, attrs: 0o120777 << 16 }] }, async (path, folder) => {
      await unzip(path, folder);
      assert.equal(await readFile(join(folder, "link"), "utf8"), "/etc/passwd");
    }));

  it("refuses what is no archive, and a cut one", () =>
    withZip({ "a.txt": text("hello") }, async (path, folder) => {
      const zip = await readFile(path);
      for (const broken of [text("no archive"), zip.subarray(0, zip.length - 30), new Uint8Array(0)]) {
        await writeFile(path, broken);
        await refuses(path, folder, /Cannot unpack/);
      }
    }));

  it("does not touch a folder that is there", () =>
    withZip({ "a.txt": text("hello") }, async (path, folder) => {
      await writeFile(folder, "mine");
      await assert.rejects(unzip(path, folder), { code: "E_DATA_LAYOUT" });
      assert.equal(await readFile(folder, "utf8"), "mine");
    }));
});

describe("models/archive", () => {
  it("downloads and unpacks once; what is no archive can be fetched anew", async () => {
    const server = await fileServer({
      "/a.zip": inTurn(serve(text("no archive")), serve(zipSync({ "ants/1.jpg": text("ant") }))),
    });
    try {
      await withFolder(async (cacheFolder) => {
        const source = { urls: [server.url("/a.zip")] };
        const options = { cacheFolder, environment: {} };
        await assert.rejects(fetchArchive(source, options), { code: "E_DATA_FORMAT" });
        const first = await fetchArchive(source, options);
        assert.match(first.note ?? "", /recorded sha256/);
        assert.equal(await readFile(join(first.folder, "ants/1.jpg"), "utf8"), "ant");
        assert.deepEqual(await fetchArchive(source, { ...options, offline: true }), { folder: first.folder });
        assert.equal(server.requests.length, 2);
      });
    } finally {
      await server.close();
    }
  });
});
