import assert from "node:assert/strict";
import { pageDecoder, rgbOf } from "../../toolkit/web/page-decoder.ts";

/** A JPEG that says its size, and no more. */
function jpegOf(width: number, height: number): Uint8Array<ArrayBuffer> {
  const size = [height >> 8, height & 255, width >> 8, width & 255];
  return Uint8Array.from([0xff, 0xd8, 0xff, 0xc0, 0, 17, 8, ...size, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
}

describe("web/page-decoder", () => {
  it("drops alpha", () => {
    const rgba = Uint8ClampedArray.from([1, 2, 3, 255, 4, 5, 6, 0]);
    assert.deepEqual(rgbOf({ width: 2, height: 1, data: rgba }).data, Uint8Array.from([1, 2, 3, 4, 5, 6]));
  });

  it("refuses what was not handed in, is empty, or too large, before anything is decoded", async () => {
    const photos = new Map([
      ["empty.jpg", new Blob([])],
      ["huge.jpg", new Blob([jpegOf(20_000, 20_000)])],
    ]);
    const decoder = pageDecoder({ photos, maxBytes: 1000 });
    await assert.rejects(decoder.decode("other.jpg"), { code: "E_IMAGE_READ", message: /"other.jpg"/ });
    await assert.rejects(decoder.decode("empty.jpg"), { code: "E_IMAGE_DECODE" });
    await assert.rejects(decoder.decode("huge.jpg"), { code: "E_IMAGE_TOO_LARGE", message: /20000 x 20000/ });
    await assert.rejects(decoder.decode(new Uint8Array(1001)), { code: "E_IMAGE_TOO_LARGE", message: /1001 bytes/ });
  });
});
