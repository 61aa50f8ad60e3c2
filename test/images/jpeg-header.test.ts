import assert from "node:assert/strict";
import sharp, { type Sharp } from "sharp";
import { jpegHeader } from "../../toolkit/images/jpeg-header.ts";

describe("images/jpeg-header", () => {
  const drawn = (width: number, height: number): Sharp =>
    sharp({ create: { width, height, channels: 3, background: "red" } });

  it("jpegHeader() reads the size of baseline and progressive files, with and without metadata", async () => {
    for (const progressive of [false, true]) {
      const file = drawn(70, 33).withMetadata({ orientation: 6 }).withIccProfile("p3").jpeg({ progressive });
      assert.deepEqual(jpegHeader(await file.toBuffer()), { width: 70, height: 33, channels: 3, hasExif: true });
    }
    const plain = await drawn(1, 9000).jpeg().toBuffer();
    assert.deepEqual(jpegHeader(plain), { width: 1, height: 9000, channels: 3, hasExif: false });
  });

  it("jpegHeader() counts the channels of grey and CMYK", async () => {
    const grey = await drawn(8, 8).toColourspace("b-w").jpeg().toBuffer();
    const cmyk = await drawn(8, 8).toColourspace("cmyk").jpeg().toBuffer();
    assert.deepEqual([jpegHeader(grey)?.channels, jpegHeader(cmyk)?.channels], [1, 4]);
  });

  it("jpegHeader() finds Exif data that stand behind the frame", async () => {
    const jpeg = await drawn(70, 33).jpeg().toBuffer();
    const scan = jpeg.indexOf(Buffer.of(0xff, 0xda));
    const exif = Buffer.from("ffe10008457869660000", "hex");
    const file = Buffer.concat([jpeg.subarray(0, scan), exif, jpeg.subarray(scan)]);
    assert.deepEqual(jpegHeader(file), { width: 70, height: 33, channels: 3, hasExif: true });
    const later = Buffer.concat([jpeg, exif]);
    assert.deepEqual(jpegHeader(later), { width: 70, height: 33, channels: 3, hasExif: false });
  });

  it("jpegHeader() says nothing of other formats and of what ends before its frame", async () => {
    for (const format of ["png", "webp", "gif", "tiff"] as const)
      assert.equal(jpegHeader(await drawn(70, 33).toFormat(format).toBuffer()), undefined);
    const jpeg = await drawn(70, 33).jpeg().toBuffer();
    const frame = jpeg.indexOf(Buffer.of(0xff, 0xc0));
    for (let length = 0; length < frame + 9; length++) assert.equal(jpegHeader(jpeg.subarray(0, length)), undefined);
    assert.equal(jpegHeader(Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)), undefined);
  });
});
