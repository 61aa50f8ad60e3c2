import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import type { Sharp } from "sharp";
import type { Entry, Part } from "../../../toolkit/data/entry.ts";
import type { CopyLimits } from "../../../toolkit/data/leaks/find-copies.ts";
import { type Copies, findLeaks, leaksOf, type LeakReport } from "../../../toolkit/data/leaks/find-leaks.ts";
import { photoPrints, type PrintOf } from "../../../toolkit/data/leaks/photo-print.ts";
import { ToolkitError } from "../../../toolkit/errors.ts";
import type { Pixels } from "../../../toolkit/images/decoder.ts";
import { resample } from "../../../toolkit/images/resample.ts";
import { sharpDecoder } from "../../../toolkit/images/sharp.ts";
import { itShared } from "../../support/fixtures.ts";
import { picture } from "./picture.ts";

interface Photo {
  readonly pixels: Pixels;
  readonly part: Part;
  readonly labels?: readonly string[];
}

const printOf = photoPrints(sharpDecoder());

function entriesOf(photos: Readonly<Record<string, Photo>>): Entry[] {
  return Object.entries(photos).map(([id, { pixels, labels = ["x"] }]) => ({ id, path: id, picture: pixels, labels }));
}

function find(
  photos: Readonly<Record<string, Photo>>,
  limits: Partial<CopyLimits> = {},
  print: PrintOf = printOf,
): Promise<LeakReport> {
  const parts = Object.values(photos).map(({ part }) => part);
  return findLeaks(entriesOf(photos), parts, { printOf: print, limits });
}

const small = (pixels: Pixels): Pixels => resample(pixels, { width: 90, height: 60 });
const mirrored = (pixels: Pixels): Pixels => resample(pixels, { ...pixels, flip: true });
const names = (pairs: readonly Copies[]): string[] => pairs.map(({ a, b, kind }) => `${a} ${b} ${kind}`).toSorted();

describe("data/leaks/find-leaks", () => {
  it("findLeaks() finds the same picture, and the same one smaller or mirrored, and no other", async () => {
    const report = await find({
      a: { pixels: picture(1), part: "train" },
      b: { pixels: picture(1), part: "validation" },
      c: { pixels: picture(2), part: "train" },
      d: { pixels: small(picture(2)), part: "validation" },
      e: { pixels: picture(3), part: "train" },
      f: { pixels: mirrored(picture(3)), part: "test" },
      g: { pixels: picture(4), part: "train" },
      h: { pixels: picture(5), part: "validation" },
    });
    assert.deepEqual(names(report.pairs), ["a b exact", "c d near", "e f near"]);
    assert.deepEqual(
      report.pairs.map(({ mirrored: isMirrored, partOfA, partOfB }) => `${isMirrored} ${partOfA} ${partOfB}`),
      ["false train validation", "false train validation", "true train test"],
    );
    assert.deepEqual(report.conflicts, []);
    assert.deepEqual(report.bad, []);
  });

  it("findLeaks() finds nothing mirrored where that is turned off", async () => {
    const photos = {
      e: { pixels: picture(3), part: "train" },
      f: { pixels: mirrored(picture(3)), part: "test" },
    } as const;
    assert.deepEqual((await find(photos, { mirrored: false })).pairs, []);
  });

  it("findLeaks() reports copies with different labels apart, in one part too", async () => {
    const report = await find({
      a: { pixels: picture(1), part: "train", labels: ["ant"] },
      b: { pixels: picture(1), part: "train", labels: ["bee"] },
      c: { pixels: small(picture(1)), part: "validation", labels: ["bee"] },
      d: { pixels: picture(2), part: "train", labels: ["ant", "bee"] },
      e: { pixels: picture(2), part: "validation", labels: ["bee", "ant"] },
    });
    assert.deepEqual(names(report.pairs), ["b c near", "d e exact"]);
    assert.deepEqual(names(report.conflicts), ["a b exact", "a c near"]);
  });

  it("findLeaks() connects all copies of a photo by few pairs, with the nearest of every other part among them", async () => {
    const copies = Array.from({ length: 30 }, (_, i): [string, Photo] => [
      `${10 + i}`,
      { pixels: picture(1), part: i < 28 ? "train" : "validation" },
    ]);
    const report = await find(Object.fromEntries(copies));
    assert.equal(report.pairs.length, 29);
    assert.equal(leaksOf(report).length, 2);
    const together = new Set(["10"]);
    for (let i = 0; i < 30; i++) for (const { a, b } of report.pairs) if (together.has(a)) together.add(b);
    assert.equal(together.size, 30);
  });

  it("findLeaks() finds the same whatever the order of entries", async () => {
    const photos: Record<string, Photo> = {};
    for (let i = 0; i < 12; i++) {
      photos[`${i}`] = {
        pixels: i % 2 === 0 ? picture(i >> 2) : small(picture(i >> 2)),
        part: i % 3 ? "train" : "test",
      };
    }
    const turned = Object.fromEntries(Object.entries(photos).map(([id, photo]) => [`p${id}`, photo]));
    const entries = entriesOf(turned);
    const parts = Object.values(turned).map(({ part }) => part);
    const forward = await findLeaks(entries, parts, { printOf });
    const backward = await findLeaks(entries.toReversed(), parts.toReversed(), { printOf });
    assert.ok(forward.pairs.length >= 9);
    assert.deepEqual(backward, forward);
  });

  it("findLeaks() takes pictures of one colour, and small ones, for copies only where they are the same", async () => {
    const flat = (value: number): Pixels => ({ width: 40, height: 40, data: new Uint8Array(4800).fill(value) });
    const tiny = (sidePx: number): Pixels => resample(picture(2), { width: sidePx, height: sidePx });
    const photos = {
      a: { pixels: flat(10), part: "train" },
      b: { pixels: flat(12), part: "validation" },
      c: { pixels: flat(10), part: "validation" },
      d: { pixels: tiny(31), part: "train" },
      e: { pixels: tiny(30), part: "validation" },
      f: { pixels: tiny(31), part: "validation" },
    } as const;
    assert.deepEqual(names((await find(photos)).pairs), ["a c exact", "d f exact"]);
  });

  it("findLeaks() takes less for a copy where limits say so", async () => {
    const own = picture(2);
    const noisy = { ...own, data: own.data.map((value, i) => (3 * value + 20 * (i % 13)) >> 2) };
    const photos = { a: { pixels: own, part: "train" }, b: { pixels: noisy, part: "validation" } } as const;
    assert.deepEqual(names((await find(photos)).pairs), ["a b near"]);
    assert.deepEqual((await find(photos, { correlation: 0.99999 })).pairs, []);
  });

  it("findLeaks() trusts looks no longer where they connect many photos", async () => {
    const print = await printOf({ id: "", path: "", labels: [], picture: picture(1) });
    const entries = Array.from({ length: 60 }, (_, i): Entry => ({ id: `${i}`, path: "", labels: [] }));
    const parts = entries.map((_, i): Part => (i % 2 ? "train" : "validation"));
    const similar: PrintOf = async ({ id }) => ({ ...print, sha256: Number(id) < 2 ? "same" : id });
    const report = await findLeaks(entries, parts, { printOf: similar });
    assert.deepEqual(names(report.pairs), ["0 1 exact"]);
    assert.ok((report.lookAlikes ?? 0) >= 59);
    const few = await findLeaks(entries.slice(0, 20), parts.slice(0, 20), { printOf: similar });
    assert.ok(few.pairs.length >= 19);
    assert.equal(few.lookAlikes, undefined);
  });

  itShared(
    "findLeaks() finds changed copies of real photos, and takes no two photos for one",
    "data/hymenoptera",
    async (root) => {
      const folder = join(root, "train", "ants");
      const files = readdirSync(folder).slice(0, 24);
      const changes: readonly ((photo: Sharp) => Sharp)[] = [
        (photo) => photo.jpeg({ quality: 20 }),
        (photo) => photo.resize(90).webp({ quality: 60 }),
        (photo) => photo.flop().resize(128).jpeg(),
        (photo) => photo.modulate({ brightness: 1.2, saturation: 1.2 }).jpeg(),
        (photo) => photo.greyscale().png(),
      ];
      const entries: Entry[] = [];
      for (const file of files) {
        entries.push({ id: `${file} 0`, path: join(folder, file), labels: ["ants"] });
        for (const [i, change] of changes.entries()) {
          const bytes = await change(sharp(join(folder, file))).toBuffer();
          entries.push({ id: `${file} ${i + 1}`, path: file, picture: bytes, labels: ["ants"] });
        }
      }
      const parts = entries.map(({ id }): Part => (id.endsWith(" 0") ? "train" : "validation"));
      const report = await findLeaks(entries, parts, { printOf });
      const leaking = leaksOf(report).map(({ a, b, partOfA }) => (partOfA === "validation" ? a : b));
      assert.ok(new Set(leaking).size >= 0.97 * files.length * changes.length, `${new Set(leaking).size}`);
      const nameOf = (id: string): string => id.slice(0, -2);
      for (const { a, b } of report.pairs) assert.equal(nameOf(a), nameOf(b));
    },
  );

  it("findLeaks() names the photos that it could not look at, and goes on", async () => {
    const report = await find(
      { a: { pixels: picture(1), part: "train" }, b: { pixels: picture(1), part: "validation" } },
      {},
      async (entry) => {
        if (entry.id === "a") throw new ToolkitError("E_IMAGE_DECODE", "Cannot decode it");
        return printOf(entry);
      },
    );
    assert.deepEqual(report, {
      pairs: [],
      conflicts: [],
      bad: [{ path: "a", code: "E_IMAGE_DECODE", message: "Cannot decode it" }],
    });
  });

  it("findLeaks() says how far it is, and stops when it is told to", async () => {
    const photos = Object.fromEntries(
      Array.from({ length: 9 }, (_, i): [string, Photo] => [`${i}`, { pixels: picture(i), part: "train" }]),
    );
    const entries = entriesOf(photos);
    const parts = entries.map(() => "train" as const);
    const seen: string[] = [];
    const stop = new AbortController();
    await findLeaks(entries, parts, { printOf, onProgress: (done, total) => void seen.push(`${done}/${total}`) });
    assert.deepEqual(seen, ["1/9", "2/9", "3/9", "4/9", "5/9", "6/9", "7/9", "8/9", "9/9"]);
    const stopping = findLeaks(entries, parts, {
      printOf,
      atOnce: 1,
      signal: stop.signal,
      onProgress: (done) => done === 3 && stop.abort(new Error("enough")),
    });
    await assert.rejects(stopping, /enough/);
  });
});
