import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { findOddPhotos } from "../../toolkit/data/find-odd-photos.ts";
import { oddPhotoSummary } from "../../toolkit/data/odd-photos.ts";
import type { Entry } from "../../toolkit/data/entry.ts";

describe("data/odd-photos", () => {
  let folder = "";
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "onnx-graft-odd-"));
  });
  after(() => rm(folder, { recursive: true }));

  const write = async (id: string, bytes: Uint8Array | string): Promise<Entry> => {
    await writeFile(join(folder, id), bytes);
    return { id, path: join(folder, id), labels: [] };
  };
  const red = sharp({ create: { width: 300, height: 300, channels: 3, background: "red" } });

  it("findOddPhotos() names what each is, in order, and passes over what it cannot read", async () => {
    const png = await red.clone().png().toBuffer();
    const entries = [
      await write("a.png", png),
      await write("b.JPG", png),
      await write("c", await red.clone().webp().toBuffer()),
      await write("d.jpeg", await red.clone().toColourspace("cmyk").jpeg().toBuffer()),
      await write("e.jpg", "no photo"),
      { id: "gone.png", path: join(folder, "gone.png"), labels: [] },
      // not a file of its own
      { id: "f.jpg", path: "f.jpg", picture: png, labels: [] },
    ];
    assert.deepEqual(await findOddPhotos(entries), [
      { id: "b.JPG", kind: "format", format: "PNG" },
      { id: "c", kind: "format", format: "WebP" },
      { id: "d.jpeg", kind: "cmyk", format: "JPEG" },
    ]);
  });

  it("findOddPhotos() sees the second picture of a large GIF", async () => {
    const screen = Buffer.concat([Buffer.from("GIF89a"), Buffer.alloc(7)]);
    // its descriptor, the size of its codes, and blocks of 255 bytes up to an empty one
    const block = Buffer.alloc(256, 255);
    const picture = Buffer.concat([
      Buffer.of(0x2c),
      Buffer.alloc(9),
      Buffer.of(8),
      ...Array(300).fill(block),
      Buffer.of(0),
    ]);
    const large = Buffer.concat([screen, picture, Buffer.of(0x3b)]);
    const animated = Buffer.concat([screen, picture, picture, Buffer.of(0x3b)]);
    assert.deepEqual(await findOddPhotos([await write("one.gif", large)]), []);
    assert.deepEqual(await findOddPhotos([await write("large.gif", animated)]), [
      { id: "large.gif", kind: "animated", format: "GIF" },
    ]);
  });

  it("oddPhotoSummary() says what is done, and shortens long lists", () => {
    const odd = [1, 2, 3, 4, 5].map((i) => ({ id: `${i}.png`, kind: "animated" as const, format: "PNG" as const }));
    assert.deepEqual(oddPhotoSummary(odd), [
      '5 photos are animated ("1.png"; "2.png"; "3.png"; 2 more): only the first picture is used',
    ]);
    assert.deepEqual(oddPhotoSummary([{ id: "a.png", kind: "format", format: "JPEG" }]), [
      '1 photo is not named as what it is ("a.png" is JPEG): read by content',
    ]);
    assert.deepEqual(oddPhotoSummary([]), []);
  });
});
