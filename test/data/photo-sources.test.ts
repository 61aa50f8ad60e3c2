import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { decodePhoto, reducedPixels } from "../../toolkit/data/decode-photo.ts";
import { hashFile } from "../../toolkit/data/hash.ts";
import { batches } from "../../toolkit/data/loader.ts";
import { type ClosableDecoder, photoDecoder, type PhotoDecoderOptions } from "../../toolkit/data/photo-decoder.ts";
import { openPictureCache } from "../../toolkit/data/picture-cache.ts";
import type { Sample } from "../../toolkit/data/sample.ts";
import { smallPictures } from "../../toolkit/data/small-pictures.ts";
import { type View, viewOf, viewPhoto } from "../../toolkit/data/view.ts";
import { seePhotos } from "../../toolkit/export/see-photos.ts";
import { uniform } from "../../toolkit/graph/random.ts";
import type { FilePart, Pixels } from "../../toolkit/images/decoder.ts";
import { sharpDecoder } from "../../toolkit/images/sharp.ts";

const bytesOf = ({ width, height, data }: Pixels): object => ({ width, height, data: Buffer.from(data) });
const VIEWS: readonly View[] = [
  { sizePx: 24 },
  { sizePx: 24, resizePx: 24 },
  { sizePx: 24, crop: { seed: 3, epoch: 1, sample: 0 } },
];

function noise(width: number, height: number, seed: number): Pixels {
  const data = Uint8Array.from({ length: width * height * 3 }, (_, at) =>
    Math.floor(200 * uniform(seed, 0, at >> 6) + 50 * uniform(seed, 1, at)),
  );
  return { width, height, data };
}

describe("data/photo sources", () => {
  let root = "";
  /** A small and a large picture, one behind the other. */
  let file = "";
  let encoded: readonly Buffer[] = [];
  let parts: readonly FilePart[] = [];
  const plain = sharpDecoder();
  let decoder: ClosableDecoder | undefined;

  before(async () => {
    root = mkdtempSync(join(tmpdir(), "graft-sources-"));
    const pictures = [noise(32, 30, 1), noise(400, 300, 2)];
    encoded = await Promise.all(
      pictures.map(({ data, width, height }) =>
        sharp(data, { raw: { width, height, channels: 3 } })
          .jpeg()
          .toBuffer(),
      ),
    );
    file = join(root, "both.bin");
    writeFileSync(file, Buffer.concat([Buffer.from("head"), ...encoded]));
    const [small = 0, large = 0] = encoded.map((bytes) => bytes.length);
    parts = [
      { file, offset: 4, length: small },
      { file, offset: 4 + small, length: large },
    ];
  });
  after(() => rmSync(root, { recursive: true }));
  afterEach(async () => {
    await decoder?.close();
    decoder = undefined;
  });
  const open = (options: PhotoDecoderOptions): ClosableDecoder => {
    decoder = photoDecoder(options);
    return decoder;
  };

  for (const [title, processes, cached] of [
    ["this process", 0, false],
    ["a process of its own", 1, false],
    ["a process of its own, kept on disk", 1, true],
  ] as const) {
    it(`decodes a part of a file as the file by itself, in ${title}`, async () => {
      const folder = mkdtempSync(join(root, "cache-"));
      const other = open({ processes, ...(cached ? { cache: await openPictureCache({ folder }) } : {}) });
      for (const [i, part] of parts.entries()) {
        const bytes = encoded[i] ?? Buffer.alloc(0);
        for (const minSidePx of [undefined, 20, 200, 20]) {
          const options = minSidePx === undefined ? {} : { minSidePx };
          const expected = bytesOf(await plain.decode(bytes, options));
          assert.deepEqual(bytesOf(await plain.decode(part, options)), expected);
          for (const source of [part, part, bytes]) {
            assert.deepEqual(bytesOf(await decodePhoto(other, source, options)), expected);
          }
        }
        for (const view of VIEWS) {
          const expected = bytesOf(await viewPhoto(plain, bytes, view));
          for (const source of [part, part, bytes, bytes]) {
            assert.deepEqual(bytesOf(await viewPhoto(other, source, view)), expected);
          }
        }
      }
      const kept = readdirSync(folder, { recursive: true }).filter((name) => String(name).endsWith(".pixels"));
      assert.equal(kept.length > 0, cached);
    });
  }

  it("tells the digest of a part's bytes", async () => {
    const other = open({ processes: 1 });
    for (const [i, part] of parts.entries()) {
      const sha256 = createHash("sha256")
        .update(encoded[i] ?? "")
        .digest("hex");
      const view = { sizePx: 24 };
      assert.equal((await viewPhoto(other, part, view)).sha256, sha256);
      assert.equal((await viewPhoto(other, part, view)).sha256, sha256);
      assert.equal(await hashFile(part), sha256);
      assert.equal(await hashFile(encoded[i] ?? ""), sha256);
    }
  });

  it("hashes pixels with their extents", async () => {
    const { data } = noise(6, 4, 1);
    const wide = await hashFile({ width: 6, height: 4, data });
    assert.equal(await hashFile({ width: 6, height: 4, data: data.slice() }), wide);
    assert.notEqual(await hashFile({ width: 4, height: 6, data }), wide);
    assert.notEqual(await hashFile(data), wide);
  });

  it("decodes a small picture once, and a large one each time", async () => {
    const copy = join(root, "copy.bin");
    writeFileSync(copy, readFileSync(file));
    const [small, large] = parts.map((part) => ({ ...part, file: copy }));
    assert.ok(small && large);
    const other = open({ processes: 1 });
    const view = { sizePx: 24, crop: { seed: 1, epoch: 0, sample: 0 } };
    for (const part of [small, large]) await viewPhoto(other, part, view);
    rmSync(copy);
    const next = { ...view, crop: { ...view.crop, epoch: 1 } };
    const expected = bytesOf(await viewPhoto(plain, encoded[0] ?? "", next));
    assert.deepEqual(bytesOf(await viewPhoto(other, small, next)), expected);
    await assert.rejects(viewPhoto(other, large, next), {
      code: "E_IMAGE_READ",
      message: /copy\.bin#\d+": no such file/,
    });
  });

  it("keeps small pictures up to a limit, each at the size it was asked for", () => {
    const kept = smallPictures(2 * 32 * 32 * 3);
    const keys = Array.from({ length: 4 }, (_, i) => ({ file: "x", offset: i, length: 900 }));
    const [a, b, c, d] = keys as [FilePart, FilePart, FilePart, FilePart];
    kept.put(a, 32, noise(32, 32, 1));
    kept.put(b, undefined, noise(32, 32, 2));
    kept.put(c, 32, noise(32, 32, 3));
    assert.deepEqual(kept.get(a, 32), noise(32, 32, 1));
    assert.equal(kept.get(a, 40), undefined);
    assert.deepEqual(kept.get(b, undefined), noise(32, 32, 2));
    assert.equal(kept.get(c, 32), undefined);
    assert.ok(kept.mayHold(d));
    kept.put(d, 32, noise(200, 200, 4));
    assert.ok(!kept.mayHold(d));
    assert.ok(!kept.mayHold("32.png"));
    assert.ok(!kept.mayHold({ ...d, length: 100_000 }));
  });

  it("refuses parts that are not there, naming where they begin", async () => {
    const other = open({ processes: 1 });
    const size = readFileSync(file).length;
    const outside = { file, offset: size - 5, length: 6 };
    const broken = { file, offset: 0, length: 100 };
    for (const one of [plain, other]) {
      await assert.rejects(one.decode(outside), {
        code: "E_IMAGE_READ",
        message: /both\.bin#\d+": the file ends before/,
      });
      await assert.rejects(one.decode(broken), { code: "E_IMAGE_FORMAT", message: /both\.bin#0"/ });
      await assert.rejects(one.decode({ file, offset: 4, length: 3e8 }), { code: "E_IMAGE_TOO_LARGE" });
    }
  });

  it("views pixels where they are, reduced as a file's would be", async () => {
    const asked: unknown[] = [];
    const watching = {
      decode: (source: unknown) => Promise.reject(new Error(`asked for ${String(asked.push(source))}`)),
    };
    const small = noise(28, 28, 5);
    assert.deepEqual(await viewPhoto(watching, small, { sizePx: 56 }), viewOf(small, { sizePx: 56 }));
    const large = noise(300, 200, 6);
    const view = { sizePx: 28, resizePx: 32 };
    assert.deepEqual(await viewPhoto(watching, large, view), viewOf(reducedPixels(large, 32), view));
    assert.deepEqual([reducedPixels(large, 100).width, reducedPixels(large, 100).height], [150, 100]);
    assert.equal(reducedPixels(large, 200), large);
    assert.equal(await decodePhoto(watching, small), small);
    assert.deepEqual(asked, []);
  });

  it("batches samples wherever they are", async () => {
    const other = open({ processes: 1 });
    const pixels = await plain.decode(encoded[0] ?? "");
    const path = join(root, "0.jpg");
    writeFileSync(path, encoded[0] ?? "");
    const pictures = [parts[0], encoded[0], pixels, path];
    const samples: Sample[] = [{ path, label: 0, id: "file" }];
    for (const [i, picture] of pictures.entries()) {
      assert.ok(picture);
      samples.push({ path: `somewhere/${i}`, picture, label: 0, id: `${i}` });
    }
    // no picture is reduced: sharp and the toolkit round otherwise
    const options = { batchSize: 5, sizePx: 24, resizePx: 30, train: false };
    const rows = 24 * 24 * 3;
    for await (const batch of batches(samples, { ...options, decoder: other })) {
      assert.equal(batch.count, 5);
      for (let i = 1; i < 5; i++) {
        assert.deepEqual(batch.pixels.subarray(i * rows, (i + 1) * rows), batch.pixels.subarray(0, rows), `row ${i}`);
      }
    }
    const gone = [{ path: "shown/name.jpg", picture: { file, offset: 1e9, length: 9 }, label: 0, id: "x" }];
    const preprocessing = { sizePx: 24, resizePx: 24, mean: [0, 0, 0], std: [1, 1, 1] };
    for await (const { bad } of seePhotos(gone, { decoder: other, preprocessing, batchSize: 1 })) {
      assert.deepEqual([bad[0]?.path, bad[0]?.code], ["shown/name.jpg", "E_IMAGE_READ"]);
    }
  });
});
