import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { hashBytes } from "../../toolkit/data/hash.ts";
import type { PictureCache } from "../../toolkit/data/picture-cache.ts";
import {
  clearPictures,
  openPictureCache,
  pictureKey,
  pictureUsage,
  readPicture,
  writePicture,
} from "../../toolkit/data/picture-cache.ts";
import type { Pixels } from "../../toolkit/images/decoder.ts";

const SIDE = 150;
const BYTES = SIDE * SIDE * 3 + 20;

function picture(i: number): Pixels {
  const data = Uint8Array.from({ length: SIDE * SIDE * 3 }, (_, at) => (at * 31 + i * 17 + (at >> 8)) % 256);
  return { width: SIDE, height: SIDE, data };
}
const keyOf = (i: number): string => pictureKey(hashBytes(Uint8Array.of(i)), 150, "decoder 1");

// the same test runs from its source and compiled
const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
const moduleUrl = new URL(`../../toolkit/data/picture-cache.${extension}`, import.meta.url).href;
const writer = `
  import { openPictureCache, writePicture } from ${JSON.stringify(moduleUrl)};
  const [folder, value] = process.argv.slice(-2);
  const { place } = await openPictureCache({ folder });
  for (let i = 0; i < 40; i++) {
    writePicture(place, "${keyOf(1)}", { width: 400, height: 400, data: new Uint8Array(480_000).fill(Number(value)) });
  }`;

describe("data/picture-cache", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "graft-pictures-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const fileOf = (i: number): string => join(folder, "pictures", keyOf(i).slice(0, 2), `${keyOf(i)}.pixels`);
  const fill = async (cache: PictureCache, ...numbers: readonly number[]): Promise<void> => {
    for (const i of numbers) if (cache.hasRoom) await cache.add(writePicture(cache.place, keyOf(i), picture(i)));
  };
  /** As an earlier run would have left it. */
  const age = (i: number, seconds: number): void => utimesSync(fileOf(i), 1e9 - seconds, 1e9 - seconds);
  const present = (...numbers: readonly number[]): number[] => numbers.filter((i) => existsSync(fileOf(i)));

  it("gives back the pixels it was given, to another run too", async () => {
    const cache = await openPictureCache({ folder });
    await fill(cache, 1);
    assert.deepEqual({ ...readPicture(cache.place, keyOf(1)) }, { ...picture(1), data: Buffer.from(picture(1).data) });
    const later = await openPictureCache({ folder });
    assert.deepEqual(readPicture(later.place, keyOf(1))?.data, Buffer.from(picture(1).data));
    assert.equal(readPicture(later.place, keyOf(2)), undefined);
  });

  it("keeps contents, sizes and decoders apart", () => {
    const keys = [
      pictureKey("a", 150, "1"),
      pictureKey("b", 150, "1"),
      pictureKey("a", 151, "1"),
      pictureKey("a", undefined, "1"),
      pictureKey("a", 150, "2"),
    ];
    assert.equal(new Set(keys).size, keys.length);
  });

  it("believes no file with a changed byte, none that was cut off and none that was added to", async () => {
    const { place } = await openPictureCache({ folder });
    writePicture(place, keyOf(1), picture(1));
    const whole = readFileSync(fileOf(1));
    assert.equal(whole.length, BYTES);
    for (const at of [...Array(20).keys(), 21, 5000, BYTES - 1]) {
      const changed = Buffer.from(whole);
      changed[at] = (changed[at] ?? 0) ^ 4;
      writeFileSync(fileOf(1), changed);
      assert.equal(readPicture(place, keyOf(1)), undefined, `byte ${at}`);
    }
    for (const length of [0, 7, 19, 20, 1000, BYTES - 1]) {
      writeFileSync(fileOf(1), whole.subarray(0, length));
      assert.equal(readPicture(place, keyOf(1)), undefined, `${length} bytes`);
    }
    writeFileSync(fileOf(1), Buffer.concat([whole, whole]));
    assert.equal(readPicture(place, keyOf(1)), undefined);
    writePicture(place, keyOf(1), picture(1));
    assert.ok(readPicture(place, keyOf(1)));
  });

  it("keeps nothing that is as quickly decoded", async () => {
    const { place } = await openPictureCache({ folder });
    assert.equal(writePicture(place, keyOf(1), { width: 32, height: 32, data: new Uint8Array(3072) }), 0);
    assert.deepEqual(await pictureUsage(folder), { files: 0, bytes: 0 });
  });

  it("shows a whole picture or none while several processes write it", async () => {
    const { place } = await openPictureCache({ folder });
    const started = ["7", "9"].map((value) =>
      promisify(execFile)(process.execPath, [
        ...(extension === "ts" ? ["--import=tsx"] : []),
        "--input-type=module",
        "--eval",
        writer,
        "--",
        folder,
        value,
      ]),
    );
    const state = { running: true };
    const done = Promise.all(started).finally(() => (state.running = false));
    let seen = 0;
    while (state.running) {
      await new Promise(setImmediate);
      if (existsSync(fileOf(1))) {
        const { data } = readPicture(place, keyOf(1)) ?? assert.fail("no picture, or a torn one");
        assert.ok(data.every((v) => v === data[0]) && (data[0] === 7 || data[0] === 9));
        seen++;
      }
    }
    await done;
    assert.ok(seen > 0);
    assert.deepEqual(readdirSync(join(folder, "pictures", keyOf(1).slice(0, 2))), [`${keyOf(1)}.pixels`]);
  });

  it("removes what was used longest ago, and nothing that this run has used", async () => {
    await fill(await openPictureCache({ folder }), 1, 2, 3, 4);
    for (const [i, seconds] of [
      [1, 40],
      [2, 30],
      [3, 20],
      [4, 10],
    ] as const)
      age(i, seconds);
    const cache = await openPictureCache({ folder, maxBytes: 4 * BYTES });
    assert.ok(readPicture(cache.place, keyOf(1)));
    await fill(cache, 5, 6);
    assert.deepEqual(present(1, 2, 3, 4, 5, 6), [1, 4, 5, 6]);
    await fill(cache, 7);
    assert.deepEqual(present(1, 4, 5, 6, 7), [1, 5, 6, 7]);
    assert.equal(cache.hasRoom, false);
    await fill(cache, 8);
    assert.deepEqual(present(1, 5, 6, 7, 8), [1, 5, 6, 7]);
    assert.deepEqual(await pictureUsage(folder), { files: 4, bytes: 4 * BYTES });
  });

  it("is brought below a smaller limit when it is opened", async () => {
    await fill(await openPictureCache({ folder }), 1, 2, 3);
    for (const [i, seconds] of [
      [1, 10],
      [2, 30],
      [3, 20],
    ] as const)
      age(i, seconds);
    await openPictureCache({ folder, maxBytes: BYTES });
    assert.deepEqual(present(1, 2, 3), [1]);
  });

  it("removes what writers that were killed left behind, once it is old", async () => {
    const { place } = await openPictureCache({ folder });
    writePicture(place, keyOf(1), picture(1));
    for (const pid of [1, 2]) writeFileSync(`${fileOf(1)}.tmp-${pid}`, "half");
    utimesSync(`${fileOf(1)}.tmp-1`, 1e9, 1e9);
    await openPictureCache({ folder });
    assert.ok(!existsSync(`${fileOf(1)}.tmp-1`) && existsSync(`${fileOf(1)}.tmp-2`));
  });

  it("counts and clears the pictures, and nothing beside them", async () => {
    assert.deepEqual(await pictureUsage(folder), { files: 0, bytes: 0 });
    await fill(await openPictureCache({ folder }), 1, 2);
    writeFileSync(join(folder, "pictures", "mine.txt"), "keep");
    assert.deepEqual(await clearPictures(folder), { files: 2, bytes: 2 * BYTES });
    assert.deepEqual(present(1, 2), []);
    assert.ok(existsSync(join(folder, "pictures", "mine.txt")));
  });

  it("lets a run go on where nothing can be written", async () => {
    const { place } = await openPictureCache({ folder });
    rmSync(join(folder, "pictures"), { recursive: true });
    writeFileSync(join(folder, "pictures"), "a file stands in the way");
    assert.equal(writePicture(place, keyOf(1), picture(1)), 0);
    assert.equal(readPicture(place, keyOf(1)), undefined);
  });
});
