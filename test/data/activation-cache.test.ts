import assert from "node:assert/strict";
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
import { activationUsage, clearActivations, openActivationCache } from "../../toolkit/data/activation-cache.ts";
import type { ActivationCache } from "../../toolkit/data/activation-cache.ts";
import { hashBytes } from "../../toolkit/data/hash.ts";

const BYTES = 1000;
const RECORD = 4 + 32 + BYTES + 4;
const keyOf = (i: number): string => hashBytes(Uint8Array.of(i));
const record = (i: number): Uint8Array => new Uint8Array(BYTES).fill(i);

describe("data/activation-cache", () => {
  let folder = "";
  const open: ActivationCache[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "graft-activations-"));
  });
  afterEach(async () => {
    for (const cache of open.splice(0)) await cache.close();
    rmSync(folder, { recursive: true });
  });

  interface Given {
    readonly signature?: string;
    readonly neededBytes?: number;
    readonly maxBytes?: number;
    readonly fileBytes?: number;
  }

  async function opened({ signature = "a", ...given }: Given = {}): Promise<ActivationCache> {
    const sizes = { recordBytes: BYTES, neededBytes: 10 * BYTES, maxBytes: 1e6 };
    const cache = await openActivationCache({ folder, signature, ...sizes, ...given });
    open.push(cache);
    return cache;
  }

  async function fill(numbers: readonly number[], given: Given = {}): Promise<void> {
    const cache = await opened(given);
    for (const i of numbers) await cache.put(keyOf(i), record(i));
    await cache.close();
  }

  const found = async (cache: ActivationCache, numbers: readonly number[]): Promise<readonly (number | undefined)[]> =>
    Promise.all(
      numbers.map(async (i) => {
        const bytes = await cache.get(keyOf(i));
        if (bytes) assert.deepEqual(new Uint8Array(bytes), record(bytes[0] ?? 0));
        return bytes?.[0];
      }),
    );
  const places = (): readonly string[] => readdirSync(join(folder, "activations"));
  const files = (): readonly string[] => {
    const [place = ""] = places();
    return readdirSync(join(folder, "activations", place)).map((file) => join(folder, "activations", place, file));
  };

  it("gives back what it was given, at once and after it is opened again", async () => {
    const cache = await opened();
    await cache.put(keyOf(1), record(1));
    assert.deepEqual(await found(cache, [1, 2]), [1, undefined]);
    await cache.close();
    const again = await opened();
    assert.equal(again.size, 1);
    assert.deepEqual(await found(again, [1, 2]), [1, undefined]);
    assert.deepEqual(await found(await opened({ signature: "b" }), [1]), [undefined]);
  });

  it("takes what is put at once by many, and writes nothing twice", async () => {
    const cache = await opened();
    await Promise.all([1, 2, 3, 1, 2, 3].map((i) => cache.put(keyOf(i), record(i))));
    assert.deepEqual(await found(cache, [1, 2, 3]), [1, 2, 3]);
    await cache.put(keyOf(1), record(1));
    await fill([2, 3]);
    const bytes = files().reduce((sum, file) => sum + readFileSync(file).length, 0);
    assert.equal(bytes, 3 * RECORD);
  });

  it("begins another file where one is full, and reads all", async () => {
    await fill([1, 2, 3, 4, 5], { fileBytes: 2 * RECORD });
    assert.deepEqual(
      files().map((file) => readFileSync(file).length / RECORD),
      [2, 2, 1],
    );
    assert.deepEqual(await found(await opened(), [1, 2, 3, 4, 5]), [1, 2, 3, 4, 5]);
  });

  it("lets two write at a time, each to a file of its own", async () => {
    const [one, two] = [await opened(), await opened()];
    await Promise.all([1, 2].flatMap((i) => [one.put(keyOf(i), record(i)), two.put(keyOf(i + 2), record(i + 2))]));
    assert.equal(files().length, 2);
    assert.deepEqual(await found(await opened(), [1, 2, 3, 4]), [1, 2, 3, 4]);
  });

  it("passes over a torn end and rubbish, and believes no record with a changed byte", async () => {
    await fill([1, 2]);
    const [file = ""] = files();
    truncateSync(file, 2 * RECORD - 1);
    assert.deepEqual(await found(await opened(), [1, 2]), [1, undefined]);
    appendFileSync(file, "x".repeat(3 * RECORD));
    assert.deepEqual(await found(await opened(), [1, 2]), [1, undefined]);
    const changed = readFileSync(file);
    changed[500] = 77;
    writeFileSync(file, changed);
    const cache = await opened();
    assert.deepEqual(await found(cache, [1]), [undefined]);
    await cache.put(keyOf(1), record(1));
    assert.deepEqual(await found(cache, [1]), [1], "it may be written anew");
  });

  it("removes the signatures used longest ago where there is too little room, and keeps its own", async () => {
    for (const [i, signature] of ["oldest", "older", "old"].entries()) {
      const known = places.length > 0 && i > 0 ? places() : [];
      await fill([1, 2], { signature });
      const own = places().find((name) => !known.includes(name)) ?? "";
      utimesSync(join(folder, "activations", own), 1000 * (i + 1), 1000 * (i + 1));
    }
    const held = await opened({ signature: "older" });
    const size = 2 * RECORD;
    await opened({ signature: "new", neededBytes: size, maxBytes: 3 * size });
    assert.deepEqual(await found(await opened({ signature: "oldest" }), [1]), [undefined], "the oldest has gone");
    assert.deepEqual(await found(held, [1, 2]), [1, 2], "opening it was a use");
    await opened({ signature: "older", neededBytes: size, maxBytes: 0 });
    assert.deepEqual(await found(await opened({ signature: "older" }), [1]), [1], "its own stays");
    assert.deepEqual(await found(await opened({ signature: "old" }), [1]), [undefined]);
  });

  it("refuses what the disk has no room for, and records that are none", async () => {
    await assert.rejects(opened({ neededBytes: 1e18, maxBytes: 1e19 }), { code: "E_WRITE", message: /are free$/ });
    const cache = await opened();
    assert.throws(() => cache.put(keyOf(1), new Uint8Array(3)), { code: "E_SETTING" });
    assert.throws(() => cache.put("../x", record(1)), { code: "E_SETTING" });
  });

  it("counts and clears the activations, and nothing beside them", async () => {
    assert.deepEqual(await activationUsage(folder), { files: 0, bytes: 0 });
    await fill([1, 2]);
    writeFileSync(join(folder, "activations", "mine.txt"), "keep");
    assert.deepEqual(await clearActivations(folder), { files: 1, bytes: 2 * RECORD });
    assert.deepEqual(places(), ["mine.txt"]);
  });

  it("says where it cannot write", async () => {
    const cache = await opened();
    rmSync(join(folder, "activations"), { recursive: true });
    await assert.rejects(cache.put(keyOf(1), record(1)), { code: "E_WRITE", message: /^Cannot write activations to/ });
  });
});
