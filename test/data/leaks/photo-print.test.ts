import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { hashBytes } from "../../../toolkit/data/hash.ts";
import { photoPrints } from "../../../toolkit/data/leaks/photo-print.ts";
import { correlation } from "../../../toolkit/data/leaks/thumbnail.ts";
import { sharpDecoder } from "../../../toolkit/images/sharp.ts";
import { picture } from "./picture.ts";

const printOf = photoPrints(sharpDecoder());
const entry = { id: "a", path: "a.png", labels: [] };

describe("data/leaks/photo-print", () => {
  let folder = "";
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "onnx-graft-print-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("photoPrints() has the digest of a photo's bytes, in a file, a part of one or by themselves", async () => {
    const { data, width, height } = picture(1);
    const bytes = await sharp(data, { raw: { width, height, channels: 3 } })
      .png()
      .toBuffer();
    const path = join(folder, "a.png");
    await writeFile(path, bytes);
    const archive = join(folder, "a.tar");
    await writeFile(archive, Buffer.concat([Buffer.alloc(99), bytes, Buffer.alloc(99)]));
    const prints = [
      await printOf({ ...entry, path }),
      await printOf({ ...entry, picture: bytes }),
      await printOf({ ...entry, picture: { file: archive, offset: 99, length: bytes.length } }),
    ];
    for (const print of prints) assert.deepEqual(print, { ...prints[0], sha256: hashBytes(bytes) });
    assert.equal(prints[0]?.sidePx, 64);
    const whole = await printOf({ ...entry, picture: picture(1) });
    assert.ok(correlation(prints[0]?.thumbnail ?? new Uint8Array(256), whole.thumbnail, { mirrored: false }) > 0.99);
  });

  it("photoPrints() tells pixels without bytes apart by their digest", async () => {
    const [a, b, again] = [
      await printOf({ ...entry, picture: picture(1) }),
      await printOf({ ...entry, picture: picture(2) }),
      await printOf({ ...entry, picture: picture(1) }),
    ];
    assert.notEqual(a.sha256, b.sha256);
    assert.deepEqual(a, again);
  });

  it("photoPrints() fails as the decoder does", async () => {
    await assert.rejects(printOf({ ...entry, picture: Buffer.from("no picture") }), { code: "E_IMAGE_FORMAT" });
    await assert.rejects(printOf({ ...entry, path: join(folder, "none.png") }), { code: "E_IMAGE_READ" });
  });
});
