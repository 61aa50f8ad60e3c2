import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { cacheFolder } from "../../toolkit/data/cache-folder.ts";
import { cacheUsage, clearCache, openFeatureCache } from "../../toolkit/data/feature-cache.ts";
import { hashBytes, hashFile } from "../../toolkit/data/hash.ts";

const WIDTH = 3;
const RECORD = 4 + 32 + WIDTH * 4 + 4;
const hashOf = (i: number): string => hashBytes(Uint8Array.of(i));
const vector = (i: number): Float32Array => Float32Array.of(i, i / 3, -i);

// the same test runs from its source and compiled
const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
const writer = `
  import { openFeatureCache } from "${new URL(`../../toolkit/data/feature-cache.${extension}`, import.meta.url).href}";
  import { createHash } from "node:crypto";
  const [folder, first] = process.argv.slice(-2);
  const cache = await openFeatureCache({ folder, signature: "model a", width: ${WIDTH} });
  for (let i = Number(first); i < Number(first) + 40; i++) {
    cache.put(createHash("sha256").update(Uint8Array.of(i)).digest("hex"), Float32Array.of(i, i / 3, -i));
    await cache.flush();
  }`;
const writerArguments = [
  ...(extension === "ts" ? ["--import=tsx"] : []),
  "--input-type=module",
  "--eval",
  writer,
  "--",
];

describe("data/feature-cache", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "graft-cache-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const open = (signature = "model a"): ReturnType<typeof openFeatureCache> =>
    openFeatureCache({ folder, signature, width: WIDTH });
  const onlyFile = (): string =>
    join(folder, "features", readdirSync(join(folder, "features"))[0] ?? assert.fail("no file"));
  const fill = async (...numbers: readonly number[]): Promise<void> => {
    const cache = await open();
    for (const i of numbers) cache.put(hashOf(i), vector(i));
    await cache.close();
  };

  it("gives back what it was given, at once and after it is opened again", async () => {
    const cache = await open();
    const features = vector(1);
    cache.put(hashOf(1), features);
    features.fill(9);
    assert.deepEqual(cache.get(hashOf(1)), vector(1));
    assert.equal(cache.get(hashOf(2)), undefined);
    await cache.close();
    const again = await open();
    assert.deepEqual(again.get(hashOf(1)), vector(1));
    assert.equal(again.size, 1);
  });

  it("keeps signatures apart", async () => {
    await fill(1);
    assert.equal((await open("model b")).size, 0);
    assert.equal((await openFeatureCache({ folder, signature: "model a", width: WIDTH + 1 })).size, 0);
  });

  it("writes nothing twice", async () => {
    await fill(1, 2, 1);
    await fill(1, 2, 3);
    assert.equal(readFileSync(onlyFile()).length, 3 * RECORD);
  });

  it("keeps every whole record in front of and behind a torn one", async () => {
    for (let cut = 1; cut < RECORD; cut++) {
      await fill(1, 2);
      truncateSync(onlyFile(), 2 * RECORD - cut);
      await fill(3);
      const cache = await open();
      assert.deepEqual(
        [1, 2, 3].map((i) => cache.get(hashOf(i))),
        [vector(1), undefined, vector(3)],
        `cut ${cut}`,
      );
      rmSync(onlyFile());
    }
  });

  it("believes no record with a changed byte", async () => {
    await fill(1, 2, 3);
    const whole = readFileSync(onlyFile());
    for (let at = RECORD; at < 2 * RECORD; at++) {
      const changed = Buffer.from(whole);
      changed[at] = (changed[at] ?? 0) ^ 1;
      writeFileSync(onlyFile(), changed);
      const cache = await open();
      assert.deepEqual(
        [1, 2, 3].map((i) => cache.get(hashOf(i))),
        [vector(1), undefined, vector(3)],
        `byte ${at}`,
      );
    }
  });

  it("survives rubbish", async () => {
    await fill(1);
    appendFileSync(onlyFile(), "OGFROGFR".repeat(50));
    assert.equal((await open()).size, 1);
  });

  it("takes the records of several processes that write at the same time", async () => {
    await Promise.all(
      [0, 40, 80].map((first) => promisify(execFile)(process.execPath, [...writerArguments, folder, `${first}`])),
    );
    const cache = await open();
    assert.equal(cache.size, 120);
    for (let i = 0; i < 120; i++) assert.deepEqual(cache.get(hashOf(i)), vector(i));
  });

  it("refuses vectors of another width and keys that are no digest", async () => {
    const cache = await open();
    assert.throws(() => cache.put(hashOf(1), new Float32Array(2)), { code: "E_SETTING" });
    assert.throws(() => cache.put("../x", vector(1)), { code: "E_SETTING" });
  });

  it("removes the signatures written longest ago once it is over its limit", async () => {
    const files: string[] = [];
    for (const signature of ["oldest", "older", "old"]) {
      const known = new Set(files);
      const cache = await open(signature);
      cache.put(hashOf(1), vector(1));
      await cache.close();
      files.push(readdirSync(join(folder, "features")).find((name) => !known.has(name)) ?? "");
      utimesSync(join(folder, "features", files.at(-1) ?? ""), files.length * 1000, files.length * 1000);
    }
    await openFeatureCache({ folder, signature: "new", width: WIDTH, maxBytes: 2 * RECORD });
    assert.deepEqual(readdirSync(join(folder, "features")).toSorted(), files.slice(1).toSorted());
    const own = await openFeatureCache({ folder, signature: "older", width: WIDTH, maxBytes: RECORD });
    assert.equal(own.size, 1); // its own file is the last to go
    assert.equal((await openFeatureCache({ folder, signature: "older", width: WIDTH, maxBytes: 0 })).size, 0);
  });

  it("counts and clears the features, and nothing beside them", async () => {
    assert.deepEqual(await cacheUsage(folder), { files: 0, bytes: 0 });
    await fill(1, 2);
    writeFileSync(join(folder, "features", "mine.txt"), "keep");
    assert.deepEqual(await cacheUsage(folder), { files: 1, bytes: 2 * RECORD });
    assert.deepEqual(await clearCache(folder), { files: 1, bytes: 2 * RECORD });
    assert.deepEqual(readdirSync(join(folder, "features")), ["mine.txt"]);
  });

  it("says where it cannot write", async () => {
    const cache = await open();
    rmSync(join(folder, "features"), { recursive: true });
    cache.put(hashOf(1), vector(1));
    await assert.rejects(cache.flush(), { code: "E_WRITE" });
  });
});

describe("data/cache-folder", () => {
  it("follows each platform's custom", () => {
    const home = "/home/me";
    assert.equal(cacheFolder({ env: {}, platform: "linux", home }), "/home/me/.cache/onnx-graft");
    assert.equal(cacheFolder({ env: { XDG_CACHE_HOME: "/var/x" }, platform: "linux", home }), "/var/x/onnx-graft");
    assert.equal(
      cacheFolder({ env: { XDG_CACHE_HOME: "relative" }, platform: "linux", home }),
      "/home/me/.cache/onnx-graft",
    );
    assert.equal(cacheFolder({ env: {}, platform: "darwin", home }), "/home/me/Library/Caches/onnx-graft");
    assert.equal(cacheFolder({ env: { LOCALAPPDATA: "C:\\L" }, platform: "win32", home }), "C:\\L\\onnx-graft\\cache");
    assert.equal(
      cacheFolder({ env: { ONNX_GRAFT_CACHE: "here", XDG_CACHE_HOME: "/var/x" }, platform: "linux", home }),
      "here",
    );
  });
});

describe("data/hash", () => {
  it("is the SHA-256 of the content", async () => {
    const path = join(mkdtempSync(join(tmpdir(), "graft-hash-")), "abc");
    writeFileSync(path, "abc");
    assert.equal(await hashFile(path), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert.equal(hashBytes(Buffer.from("abc")), await hashFile(path));
    await assert.rejects(hashFile(`${path}d`), { code: "E_IMAGE_READ" });
  });
});
