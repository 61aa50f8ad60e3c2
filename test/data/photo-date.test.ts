import assert from "node:assert/strict";
import { mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { exifDate, photoDate, photoDates } from "../../toolkit/data/photo-date.ts";
import type { PhotoSource } from "../../toolkit/data/sample.ts";
import { sharpExif } from "../../toolkit/images/sharp-exif.ts";

const blank = sharp({ create: { width: 40, height: 30, channels: 3, background: "#336699" } });
const taken = Date.UTC(2021, 4, 6, 7, 8, 9);

async function jpegWith(tags: Record<string, string>): Promise<Buffer> {
  return blank.clone().withExif({ IFD2: tags }).jpeg().toBuffer();
}

const exifOf = async (source: PhotoSource): Promise<Uint8Array | undefined> =>
  typeof source === "object" && "data" in source ? undefined : sharpExif(source);

describe("data/photo-date", () => {
  let folder = "";
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "onnx-graft-date-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("photoDate() takes when a photo was taken, from a file, bytes or a part of a file", async () => {
    const bytes = await jpegWith({ DateTimeOriginal: "2021:05:06 07:08:09", DateTimeDigitized: "2022:01:01 00:00:00" });
    const path = join(folder, "a.jpg");
    await writeFile(path, bytes);
    const archive = join(folder, "a.tar");
    await writeFile(archive, Buffer.concat([Buffer.alloc(512), bytes, Buffer.alloc(512)]));
    for (const source of [path, bytes, { file: archive, offset: 512, length: bytes.length }]) {
      assert.deepEqual(await photoDate(source, exifOf), { ms: taken, from: "exif" });
    }
  });

  it("photoDate() takes when it was digitized, else when its file was written", async () => {
    const digitized = await jpegWith({ DateTimeDigitized: "2021:05:06 07:08:09" });
    assert.deepEqual(await photoDate(digitized, exifOf), { ms: taken, from: "exif" });
    const zeros = await jpegWith({ DateTimeOriginal: "0000:00:00 00:00:00" });
    assert.equal(await photoDate(zeros, exifOf), undefined);
    for (const bytes of [await blank.clone().jpeg().toBuffer(), zeros, Buffer.from("no picture")]) {
      const path = join(folder, "b.jpg");
      await writeFile(path, bytes);
      await utimes(path, 1000, 1e9);
      assert.deepEqual(await photoDate(path, exifOf), { ms: 1e12, from: "file" });
    }
    assert.equal(await photoDate(join(folder, "none.jpg"), exifOf), undefined);
    assert.equal(await photoDate({ width: 1, height: 1, data: new Uint8Array(3) }, exifOf), undefined);
  });

  it("photoDates() has the dates of those that have one, by id, and says how far it is", async () => {
    const dated = await jpegWith({ DateTimeOriginal: "2021:05:06 07:08:09" });
    const entries = [dated, Buffer.from("x"), dated].map((picture, i) => ({
      id: `${i}`,
      path: `${i}`,
      picture,
      labels: [],
    }));
    const seen: number[] = [];
    const dates = await photoDates(entries, { exifOf, onProgress: (done) => void seen.push(done) });
    assert.deepEqual([...dates.keys()], ["0", "2"]);
    assert.deepEqual(seen, [1, 2, 3]);
    const signal = AbortSignal.abort(new Error("enough"));
    await assert.rejects(photoDates(entries, { exifOf, signal }), /enough/);
  });

  it("exifDate() takes no date from damaged blocks, wherever the damage is", async () => {
    const { exif = Buffer.alloc(0) } = await sharp(
      await jpegWith({ DateTimeOriginal: "2021:05:06 07:08:09" }),
    ).metadata();
    assert.equal(exifDate(exif), taken);
    for (let length = 0; length < exif.length; length++) {
      const date = exifDate(exif.subarray(0, length));
      assert.ok(date === undefined || date === taken);
    }
    for (let i = 0; i < exif.length; i++) {
      const damaged = Buffer.from(exif);
      damaged[i] = 0xff;
      const date = exifDate(damaged);
      assert.ok(date === undefined || Number.isFinite(date));
    }
  });

  it("sharpExif() reads EXIF of PNG, WebP and TIFF too, and gives nothing else to the library", async () => {
    const exif = { IFD2: { DateTimeOriginal: "2021:05:06 07:08:09" } };
    for (const format of ["png", "webp", "tiff"] as const) {
      const bytes = await blank.clone().withExif(exif).toFormat(format).toBuffer();
      const block = await sharpExif(bytes);
      if (format !== "tiff") assert.equal(block && exifDate(block), taken, format);
    }
    assert.equal(
      await sharpExif(Buffer.from("<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>")),
      undefined,
    );
    assert.equal(await sharpExif(join(folder, "none.jpg")), undefined);
  });
});
