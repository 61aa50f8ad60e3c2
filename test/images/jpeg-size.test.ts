import assert from "node:assert/strict";
import sharp, { type Sharp } from "sharp";
import { jpegSize } from "../../toolkit/images/jpeg-size.ts";

describe("images/jpeg-size", () => {
  const drawn = (width: number, height: number): Sharp =>
    sharp({ create: { width, height, channels: 3, background: "red" } });

  it("jpegSize() reads the size of baseline and progressive files, with and without metadata", async () => {
    for (const progressive of [false, true]) {
      const file = drawn(70, 33).withMetadata({ orientation: 6 }).withIccProfile("p3").jpeg({ progressive });
      assert.deepEqual(jpegSize(await file.toBuffer()), { width: 70, height: 33 });
    }
    assert.deepEqual(jpegSize(await drawn(1, 9000).jpeg().toBuffer()), { width: 1, height: 9000 });
  });

  it("jpegSize() says nothing of other formats and of what ends before its frame", async () => {
    for (const format of ["png", "webp", "gif", "tiff"] as const)
      assert.equal(jpegSize(await drawn(70, 33).toFormat(format).toBuffer()), undefined);
    const jpeg = await drawn(70, 33).jpeg().toBuffer();
    const frame = jpeg.indexOf(Buffer.of(0xff, 0xc0));
    for (let length = 0; length < frame + 9; length++) assert.equal(jpegSize(jpeg.subarray(0, length)), undefined);
    assert.equal(jpegSize(Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)), undefined);
  });
});
