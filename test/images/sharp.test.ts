import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp, { type Sharp } from "sharp";
import type { Pixels } from "../../toolkit/images/decoder.ts";
import { resample } from "../../toolkit/images/resample.ts";
import { checkSharpVersion, sharpDecoder } from "../../toolkit/images/sharp.ts";

const decoder = sharpDecoder();

/** A picture of four flat quarters: red, green, blue, white. */
const quarters = { width: 48, height: 32, data: new Uint8Array(48 * 32 * 3) } satisfies Pixels;
for (let i = 0; i < 48 * 32; i++) {
  const right = i % 48 >= 24;
  const low = i >= 48 * 16;
  quarters.data.set(low ? (right ? [255, 255, 255] : [0, 0, 255]) : right ? [0, 255, 0] : [255, 0, 0], i * 3);
}
const drawn = (): Sharp => sharp(quarters.data, { raw: { width: 48, height: 32, channels: 3 } });

function at({ data, width }: Pixels, x: number, y: number): number[] {
  return [...data.subarray((y * width + x) * 3, (y * width + x) * 3 + 3)];
}

function meanDifference(a: Pixels, b: Pixels): number {
  assert.deepEqual([a.width, a.height], [b.width, b.height]);
  return a.data.reduce((sum, v, i) => sum + Math.abs(v - (b.data[i] ?? 0)), 0) / a.data.length;
}

describe("images/sharp formats", () => {
  for (const format of ["png", "webp", "gif", "tiff", "jpeg"] as const) {
    it(`decodes ${format}`, async () => {
      const options =
        { jpeg: { quality: 100, chromaSubsampling: "4:4:4" }, webp: { lossless: true }, tiff: { compression: "lzw" } }[
          format as string
        ] ?? {};
      const decoded = await decoder.decode(await drawn().toFormat(format, options).toBuffer());
      assert.ok(meanDifference(decoded, quarters) < (format === "jpeg" ? 1.5 : 1e-9));
    });
  }

  it("makes three channels of grey", async () => {
    const grey = await decoder.decode(await drawn().greyscale().png().toBuffer());
    assert.equal(grey.data.length, 48 * 32 * 3);
    assert.deepEqual(at(grey, 40, 24), [255, 255, 255]);
    const [r, g, b] = at(grey, 1, 1);
    assert.ok(r === g && g === b);
  });

  it("drops alpha without blending it, at full size and reduced", async () => {
    const data = new Uint8Array(64 * 64 * 4);
    for (let i = 0; i < 64 * 64; i++) data.set([200, 100, 50, i % 2 ? 0 : 3], i * 4);
    const png = await sharp(data, { raw: { width: 64, height: 64, channels: 4 } })
      .png()
      .toBuffer();
    assert.deepEqual(at(await decoder.decode(png), 31, 7), [200, 100, 50]);
    assert.deepEqual(at(await decoder.decode(png, { minSidePx: 16 }), 3, 5), [200, 100, 50]);
  });

  it("reads grey with alpha and 16 bits a channel as 8", async () => {
    const data = Uint16Array.from({ length: 8 * 8 * 2 }, (_, i) => (i % 2 ? 65_535 : 0x8000));
    const png = await sharp(data, { raw: { width: 8, height: 8, channels: 2 } })
      .toColourspace("grey16")
      .png()
      .toBuffer();
    assert.equal((await sharp(png).metadata()).depth, "ushort");
    assert.deepEqual(at(await decoder.decode(png), 4, 4), [128, 128, 128]);
  });

  it("turns CMYK into sRGB", async () => {
    const jpeg = await drawn().toColourspace("cmyk").jpeg({ quality: 100 }).toBuffer();
    assert.equal((await sharp(jpeg).metadata()).space, "cmyk");
    const decoded = await decoder.decode(jpeg);
    assert.equal(decoded.data.length, 48 * 32 * 3);
    const [r = 0, g = 0, b = 0] = at(decoded, 4, 4);
    assert.ok(r > 200 && g < 80 && b < 80, `red became ${r},${g},${b}`);
    assert.ok(at(decoded, 44, 28).every((v) => v > 250));
  });

  it("takes the first frame of an animation", async () => {
    const frames = new Uint8Array(8 * 16 * 3).fill(255, 8 * 8 * 3);
    const gif = await sharp(frames, { raw: { width: 8, height: 16, channels: 3, pageHeight: 8 } })
      .gif({ delay: [50, 50] })
      .toBuffer();
    assert.equal((await sharp(gif).metadata()).pages, 2);
    const decoded = await decoder.decode(gif);
    assert.deepEqual([decoded.width, decoded.height, at(decoded, 4, 4)], [8, 8, [0, 0, 0]]);
  });

  it("decodes AVIF only where it is asked to", async () => {
    const avif = await drawn().avif({ quality: 90 }).toBuffer();
    await assert.rejects(decoder.decode(avif), { code: "E_IMAGE_FORMAT", hint: /AVIF/ });
    const decoded = await sharpDecoder({ avif: true }).decode(avif);
    sharpDecoder(); // blocks it again
    assert.ok(meanDifference(decoded, quarters) < 8);
    await assert.rejects(decoder.decode(avif), { code: "E_IMAGE_FORMAT" });
  });
});

describe("images/sharp orientation", () => {
  for (let orientation = 1; orientation <= 8; orientation++) {
    it(`turns EXIF orientation ${orientation} upright`, async () => {
      // the stored pixels are what a camera held that way would have stored
      const back = {
        1: drawn(),
        2: drawn().flop(),
        3: drawn().rotate(180),
        4: drawn().flip(),
        5: drawn().rotate(270).flop(),
        6: drawn().rotate(270),
        7: drawn().rotate(90).flop(),
        8: drawn().rotate(90),
      }[orientation];
      assert.ok(back);
      const stored = await back.png().toBuffer();
      const photo = await sharp(stored).withMetadata({ orientation }).png().toBuffer();
      assert.deepEqual(await decoder.decode(photo), { ...quarters, data: Buffer.from(quarters.data) });
      const small = await decoder.decode(photo, { minSidePx: 16 });
      assert.deepEqual([small.width, small.height], [24, 16]);
      assert.deepEqual(
        [at(small, 3, 3), at(small, 20, 12)],
        [
          [255, 0, 0],
          [255, 255, 255],
        ],
      );
    });
  }
});

describe("images/sharp minSidePx", () => {
  it("reduces the shorter side to it and enlarges nothing", async () => {
    const png = await drawn().png().toBuffer();
    const small = await decoder.decode(png, { minSidePx: 20 });
    assert.deepEqual([small.width, small.height], [30, 20]);
    const same = await decoder.decode(png, { minSidePx: 100 });
    assert.deepEqual([same.width, same.height], [48, 32]);
  });

  it("differs little from Pillow's reduction, also where JPEG shrinks while loading", async () => {
    const data = Uint8Array.from({ length: 1500 * 1000 * 3 }, (_, i) => {
      const x = Math.floor(i / 3) % 1500;
      const y = Math.floor(i / 4500);
      return 128 + 100 * Math.sin(x / 17 + (i % 3)) * Math.cos(y / 11);
    });
    const jpeg = await sharp(data, { raw: { width: 1500, height: 1000, channels: 3 } })
      .jpeg({ quality: 92 })
      .toBuffer();
    const reduced = await decoder.decode(jpeg, { minSidePx: 200 });
    const exact = resample(await decoder.decode(jpeg), { width: 300, height: 200 });
    assert.ok(meanDifference(reduced, exact) < 1, `${meanDifference(reduced, exact)}`);
  });
});

describe("images/sharp refusals", () => {
  let folder = "";
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "graft-"));
  });
  after(() => rmSync(folder, { recursive: true }));

  const put = (name: string, bytes: string | Uint8Array): string => {
    writeFileSync(join(folder, name), bytes);
    return join(folder, name);
  };

  it("names a missing file, a folder and an empty file", async () => {
    await assert.rejects(decoder.decode(join(folder, "none.jpg")), {
      code: "E_IMAGE_READ",
      message: /none\.jpg": no such file/,
    });
    await assert.rejects(decoder.decode(folder), { code: "E_IMAGE_READ" });
    await assert.rejects(decoder.decode(put("empty.jpg", "")), {
      code: "E_IMAGE_DECODE",
      message: /empty\.jpg": the file is empty/,
    });
  });

  it("does not wait for a pipe that nobody writes", async function () {
    if (process.platform === "win32") this.skip();
    execFileSync("mkfifo", [join(folder, "pipe.jpg")]);
    await assert.rejects(decoder.decode(join(folder, "pipe.jpg")), { code: "E_IMAGE_READ", message: /regular file/ });
  });

  it("refuses HTML, SVG and BMP by their content", async () => {
    await assert.rejects(decoder.decode(put("page.jpg", "<html>404</html>")), { code: "E_IMAGE_FORMAT", hint: /HTML/ });
    const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>';
    await assert.rejects(decoder.decode(put("drawing.png", svg)), { code: "E_IMAGE_FORMAT" });
    await assert.rejects(decoder.decode(Buffer.from("BM" + "\0".repeat(60))), { code: "E_IMAGE_FORMAT" });
  });

  it("reads a picture under any name, even one that looks like a libvips option", async () => {
    const path = put("a[page=7] ü\n%s.txt", await drawn().png().toBuffer());
    assert.equal((await decoder.decode(path)).width, 48);
  });

  it("refuses truncated JPEG, PNG and GIF, and takes what there is where that is asked for", async () => {
    for (const format of ["jpeg", "png", "gif"] as const) {
      const bytes = await sharp(quarters.data, { raw: { width: 48, height: 32, channels: 3 } })
        .toFormat(format)
        .toBuffer();
      const cut = bytes.subarray(0, Math.floor(bytes.length * 0.7));
      await assert.rejects(decoder.decode(put(`cut.${format}`, cut)), { code: "E_IMAGE_DECODE", message: /cut/ });
    }
    const jpeg = await drawn().jpeg().toBuffer();
    const decoded = await sharpDecoder({ tolerateTruncated: true }).decode(jpeg.subarray(0, jpeg.length - 40));
    assert.equal(decoded.width, 48);
  });

  it("refuses more pixels or bytes than it is allowed", async () => {
    const png = await drawn().png().toBuffer();
    const strict = sharpDecoder({ maxPixels: 1000, maxBytes: 50 });
    await assert.rejects(strict.decode(png), { code: "E_IMAGE_TOO_LARGE" });
    await assert.rejects(strict.decode(put("large.png", png)), { code: "E_IMAGE_TOO_LARGE", message: /large\.png/ });
  });

  it("refuses a sharp that has known security holes", () => {
    for (const version of ["0.35.4", "0.34.9", "0.35.4-rc.1"])
      assert.throws(() => checkSharpVersion(version), { code: "E_SETTING" });
    for (const version of ["0.35.5", "0.36.0", "1.0.0"]) checkSharpVersion(version);
  });
});
