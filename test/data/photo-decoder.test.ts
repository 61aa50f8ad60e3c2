import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { type Batch, batches } from "../../toolkit/data/loader.ts";
import {
  type ClosableDecoder,
  defaultProcesses,
  photoDecoder,
  type PhotoDecoderOptions,
} from "../../toolkit/data/photo-decoder.ts";
import { openPictureCache } from "../../toolkit/data/picture-cache.ts";
import { type View, viewPhoto } from "../../toolkit/data/view.ts";
import { uniform } from "../../toolkit/graph/random.ts";
import type { Pixels } from "../../toolkit/images/decoder.ts";
import { sharpDecoder } from "../../toolkit/images/sharp.ts";

const VIEWS: readonly View[] = [
  { sizePx: 64 },
  { sizePx: 100, resizePx: 110, decodePx: 150 },
  { sizePx: 64, crop: { seed: 3, epoch: 1, sample: 0 } },
  { sizePx: 64, crop: { seed: 3, epoch: 2, sample: 7, settings: { minArea: 0.5, flipProbability: 1 } } },
  { sizePx: 200, crop: { seed: 0, epoch: 0, sample: 1, settings: { minArea: 0.01, maxArea: 0.05 } } },
];

const bytesOf = ({ width, height, data }: Pixels): object => ({ width, height, data: Buffer.from(data) });

describe("data/photo-decoder", () => {
  const root = mkdtempSync(join(tmpdir(), "graft-photos-"));
  const photos: string[] = [];
  const plain = sharpDecoder();
  let decoder: ClosableDecoder | undefined;

  before(async () => {
    for (const [i, [format, width, height]] of (
      [
        ["jpeg", 300, 200],
        ["jpeg", 1300, 900],
        ["png", 170, 260],
        ["webp", 64, 64],
      ] as const
    ).entries()) {
      const data = Uint8Array.from({ length: width * height * 3 }, (_, at) =>
        Math.floor(200 * uniform(i, 0, at >> 6) + 50 * uniform(i, 1, at)),
      );
      const path = join(root, `${i}.${format}`);
      await sharp(data, { raw: { width, height, channels: 3 } })
        .toFormat(format)
        .toFile(path);
      photos.push(path);
    }
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

  for (const processes of [0, 2]) {
    for (const cached of [false, true]) {
      it(`makes the same pixels as the plain decoder, with ${processes} processes, ${cached ? "kept" : "not kept"} on disk`, async () => {
        const folder = mkdtempSync(join(root, "cache-"));
        const other = open({ processes, ...(cached ? { cache: await openPictureCache({ folder }) } : {}) });
        for (const path of photos) {
          for (const minSidePx of [undefined, 100]) {
            const options = minSidePx === undefined ? {} : { minSidePx };
            const expected = bytesOf(await plain.decode(path, options));
            for (const source of [path, path, readFileSync(path)])
              assert.deepEqual(bytesOf(await other.decode(source, options)), expected);
          }
          for (const view of VIEWS) {
            const expected = bytesOf(await viewPhoto(plain, path, view));
            for (const source of [path, path, readFileSync(path)])
              assert.deepEqual(bytesOf(await viewPhoto(other, source, view)), expected);
          }
        }
      });
    }
  }

  it("gives an epoch of the same batches as the plain decoder", async () => {
    const samples = Array.from({ length: 11 }, (_, i) => ({ path: photos[i % 4] ?? "", label: i % 2, id: `${i}` }));
    const all = async (options: object): Promise<Batch[]> => {
      const got: Batch[] = [];
      for await (const batch of batches(samples, {
        decoder: plain,
        batchSize: 4,
        sizePx: 64,
        train: true,
        seed: 9,
        ...options,
      }))
        got.push(batch);
      return got;
    };
    assert.deepEqual(await all({ decoder: open({ processes: 2 }) }), await all({}));
  });

  it("refuses what the plain decoder refuses, in the same words", async () => {
    const broken = join(root, "broken.jpg");
    writeFileSync(broken, readFileSync(photos[1] ?? "").subarray(0, 3000));
    const page = join(root, "page.jpg");
    writeFileSync(page, "<html>");
    const cache = await openPictureCache({ folder: mkdtempSync(join(root, "cache-")) });
    for (const options of [{ processes: 1 }, { processes: 1, cache }, { processes: 0, cache }]) {
      const other = open(options);
      for (const path of [broken, page, join(root, "none.jpg"), root]) {
        const expected = await plain.decode(path, { minSidePx: 64 }).catch((error: unknown) => error);
        assert.ok(expected instanceof Error);
        const { message } = expected;
        const { code, hint } = expected as Error & { code: string; hint: string | undefined };
        await assert.rejects(other.decode(path, { minSidePx: 64 }), { code, message, hint });
      }
      await other.close();
    }
  });

  it("finds a photo that it has decoded by its content, whatever its name, and reads a changed one anew", async () => {
    const folder = mkdtempSync(join(root, "cache-"));
    const path = join(root, "changing.jpg");
    copyFileSync(photos[0] ?? "", path);
    const files = (): readonly string[] =>
      readdirSync(join(folder, "pictures"), { recursive: true })
        .map(String)
        .filter((f) => f.endsWith(".pixels"));
    const other = open({ processes: 1, cache: await openPictureCache({ folder }) });
    const view = { sizePx: 180 };
    await other.view?.(photos[0] ?? "", view);
    assert.equal(files().length, 1);
    await other.view?.(path, view);
    assert.equal(files().length, 1);
    copyFileSync(photos[1] ?? "", path);
    assert.deepEqual(bytesOf(await viewPhoto(other, path, view)), bytesOf(await viewPhoto(plain, path, view)));
    assert.equal(files().length, 2);
    // a damaged file is made anew
    const [first = ""] = files();
    writeFileSync(join(folder, "pictures", first), "damaged");
    for (const photo of photos.slice(0, 2))
      assert.deepEqual(bytesOf(await viewPhoto(other, photo, view)), bytesOf(await viewPhoto(plain, photo, view)));
    assert.ok(readFileSync(join(folder, "pictures", first)).length > 100_000);
  });

  it("asks a photo that ended its process no second time", async () => {
    const isSource = import.meta.url.endsWith(".ts");
    const file = new URL(isSource ? "./misbehaving-process.ts" : "./misbehaving-process.js", import.meta.url);
    const other = open({ processes: 1, file, timeoutSeconds: 1 });
    await assert.rejects(other.decode("wait"), { code: "E_IMAGE_TIMEOUT" });
    const start = performance.now();
    await assert.rejects(other.decode("wait"), { code: "E_IMAGE_TIMEOUT" });
    assert.ok(performance.now() - start < 500);
  });

  it("leaves a core to the network where there are more than two, and takes four at most", () => {
    assert.deepEqual([1, 2, 3, 4, 5, 64].map(defaultProcesses), [1, 2, 2, 3, 4, 4]);
  });
});
