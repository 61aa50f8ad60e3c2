import assert from "node:assert/strict";
import sharp, { type Sharp } from "sharp";
import { type PictureFacts, pictureFacts } from "../../toolkit/images/picture-facts.ts";

/** So many pictures of 8x8 px, one after the other, of different colours. */
function pages(count: number): Sharp {
  const data = Uint8Array.from(
    { length: 8 * 8 * count * 3 },
    (_, at) => 40 * Math.floor(at / (8 * 8 * 3)) + 10 * (at % 8),
  );
  return sharp(data, { raw: { width: 8, height: 8 * count, channels: 3, pageHeight: 8 } });
}

const facts = async (picture: Sharp): Promise<PictureFacts | undefined> => pictureFacts(await picture.toBuffer());

describe("images/picture-facts", () => {
  it("pictureFacts() tells formats by content", async () => {
    for (const [name, format] of [
      ["jpeg", "JPEG"],
      ["png", "PNG"],
      ["gif", "GIF"],
      ["webp", "WebP"],
      ["tiff", "TIFF"],
    ] as const) {
      assert.deepEqual(await facts(pages(1).toFormat(name)), { format, isCmyk: false, isAnimated: false });
    }
  });

  it("pictureFacts() sees CMYK, and more than one picture", async () => {
    assert.equal((await facts(pages(1).toColourspace("cmyk").jpeg()))?.isCmyk, true);
    assert.equal((await facts(pages(3).gif()))?.isAnimated, true);
    assert.equal((await facts(pages(3).webp({ lossless: true })))?.isAnimated, true);
    const png = await pages(1).png().toBuffer();
    const control = Buffer.concat([Buffer.from([0, 0, 0, 8]), Buffer.from("acTL"), Buffer.alloc(12)]);
    // behind the signature and IHDR
    const animated = Buffer.concat([png.subarray(0, 33), control, png.subarray(33)]);
    assert.equal(pictureFacts(animated)?.isAnimated, true);
    const behind = Buffer.concat([png.subarray(0, -12), control, png.subarray(-12)]);
    assert.equal(pictureFacts(behind)?.isAnimated, false);
  });

  it("pictureFacts() comes to an end on whatever is cut off or nonsense", async () => {
    for (const bytes of [
      await pages(3).gif().toBuffer(),
      await pages(3).webp().toBuffer(),
      await pages(1).png().toBuffer(),
    ]) {
      for (let length = 0; length < bytes.length; length++) pictureFacts(bytes.subarray(0, length));
    }
    assert.equal(pictureFacts(new Uint8Array(0)), undefined);
    assert.equal(pictureFacts(Buffer.from("<!DOCTYPE html>")), undefined);
    const zeros = Buffer.concat([Buffer.from("GIF89a"), Buffer.alloc(1000)]);
    assert.deepEqual(pictureFacts(zeros), { format: "GIF", isCmyk: false, isAnimated: false });
  });
});
