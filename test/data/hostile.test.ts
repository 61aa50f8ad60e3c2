import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { crc32, deflateSync } from "node:zlib";
import { type DecodePool, decodePool } from "../../toolkit/data/decode-pool.ts";
import { errorCode } from "../../toolkit/errors.ts";
import { hash } from "../../toolkit/graph/random.ts";
import sharp from "sharp";
import { tarEntries } from "../images/tar-entries.ts";
import { itShared, readJson, shared } from "../support/fixtures.ts";

const VIEW = { sizePx: 224 };

/** The most memory that each process has held, where the system tells. */
function peakBytes(pool: DecodePool): number[] {
  return pool.pids().flatMap((pid) => {
    try {
      return Number(/VmHWM:\s*(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1024;
    } catch {
      return [];
    }
  });
}

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type), data]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length, 0);
  out.set(body, 4);
  out.writeUInt32BE(crc32(body), body.length + 4);
  return out;
}

/** A black PNG of one bit a pixel, with further chunks in front of its pixels. */
function png(width: number, height: number, ...chunks: readonly Buffer[]): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 1;
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk("IHDR", header),
    ...chunks,
    chunk("IDAT", deflateSync(Buffer.alloc(Math.ceil(width / 8) * height + height))),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function u16(...values: readonly number[]): Buffer {
  const out = Buffer.alloc(values.length * 2);
  for (const [i, v] of values.entries()) out.writeUInt16LE(v, i * 2);
  return out;
}

/** A TIFF whose directory holds these entries: tag, type, count, value; the directory that follows lies at `next`. */
function tiff(next: number, ...entries: readonly (readonly [number, number, number, number])[]): Buffer {
  const directory = entries.map(([tag, type, count, value]) => {
    const out = Buffer.alloc(12);
    out.set(u16(tag, type));
    out.writeUInt32LE(count, 4);
    out.writeUInt32LE(value, 8);
    return out;
  });
  const end = Buffer.alloc(4);
  end.writeUInt32LE(next);
  return Buffer.concat([Buffer.from("II*\0\b\0\0\0", "latin1"), u16(entries.length), ...directory, end]);
}

const TIFF_PICTURE = [
  [256, 4, 1, 64],
  [257, 4, 1, 64],
  [258, 3, 1, 8],
  [259, 3, 1, 1],
  [262, 3, 1, 1],
] as const;

/** Small files that ask for much. */
const BOMBS: Readonly<Record<string, () => Uint8Array>> = {
  "a PNG of 20,000 x 20,000": () => png(20_000, 20_000),
  "a PNG with 64 MB of compressed text": () => {
    const text = Buffer.concat([Buffer.from("note\0\0"), deflateSync(Buffer.alloc(64e6))]);
    return png(64, 64, chunk("zTXt", text));
  },
  "a PNG with 64 MB of a compressed profile": () => {
    const profile = Buffer.concat([Buffer.from("icc\0\0"), deflateSync(Buffer.alloc(64e6))]);
    return png(64, 64, chunk("iCCP", profile));
  },
  "a JPEG whose header states 65,535 x 65,535": () =>
    Buffer.from("ffd8ffc0001108ffffffff03012200021101031101ffda000c03010002110311003f00", "hex"),
  "a GIF of 50,000 frames": () => {
    const frame = Buffer.from("2c00000000010001000002024401003b".slice(0, -2), "hex");
    const start = Buffer.from("474946383961010001008000000000000000000021f90400000000", "hex");
    return Buffer.concat([start.subarray(0, 19), ...Array.from({ length: 50_000 }, () => frame), Buffer.of(0x3b)]);
  },
  "a GIF whose screen is 65,535 x 65,535": () =>
    Buffer.from("474946383961ffffffff800000000000ffffff2c00000000ffffffff0002024401003b", "hex"),
  "a TIFF of 2^31 strips": () =>
    tiff(0, ...TIFF_PICTURE, [273, 4, 0x7fffffff, 8], [278, 4, 1, 1], [279, 4, 0x7fffffff, 8]),
  "a TIFF whose directories follow each other in a circle": () =>
    tiff(8, ...TIFF_PICTURE, [273, 4, 1, 8], [278, 4, 1, 64], [279, 4, 1, 4096]),
  "a WebP whose header states 16,384 x 16,384": () =>
    Buffer.from("524946463e00000057454250565038580a00000000000000ff3f00ff3f00" + "00".repeat(40), "hex"),
};

describe("data/hostile", function () {
  this.timeout(120_000);
  let pool: DecodePool | undefined;
  afterEach(() => pool?.close());
  const outcome = (bytes: Uint8Array): Promise<string> =>
    (pool ?? assert.fail()).run({ source: bytes, minSidePx: 256, view: VIEW }).then(
      ({ pixels }) => (pixels.data.length === 224 * 224 * 3 ? "ok" : "wrong length"),
      (error: unknown) => errorCode(error) ?? String(error),
    );
  const judge = async (files: AsyncIterable<Uint8Array>): Promise<Map<string, number>> => {
    const counts = new Map<string, number>();
    let batch: Promise<string>[] = [];
    const take = async (): Promise<void> => {
      for (const result of await Promise.all(batch)) counts.set(result, (counts.get(result) ?? 0) + 1);
      batch = [];
    };
    for await (const bytes of files) {
      batch.push(outcome(bytes));
      if (batch.length >= 32) await take();
    }
    await take();
    return counts;
  };
  /** No process ended, none grew large, and every file was taken or refused for what it is. */
  const inOrder = (counts: ReadonlyMap<string, number>, pids: readonly number[]): void => {
    const names = [...counts.keys()];
    const usual = new Set(["ok", "E_IMAGE_DECODE", "E_IMAGE_FORMAT", "E_IMAGE_TOO_LARGE"]);
    assert.deepEqual(
      names.filter((name) => !usual.has(name)),
      [],
    );
    assert.deepEqual(pool?.pids(), pids);
    for (const bytes of peakBytes(pool ?? assert.fail())) assert.ok(bytes <= 512 * 2 ** 20, `${bytes} bytes`);
  };
  const ready = async (processes: number): Promise<readonly number[]> => {
    pool = decodePool({ processes, timeoutSeconds: 20 });
    await Promise.all(Array.from({ length: 4 }, () => outcome(png(300, 300))));
    return pool.pids();
  };

  itShared(
    "every file of the hostile corpus is decoded or refused, and harms no process",
    "data/hostile-images.tar",
    async (path) => {
      const { files } = readJson<{ files: readonly { class: string }[] }>(
        shared("data/hostile-images.json") ?? assert.fail(),
      );
      const pids = await ready(2);
      const counts = await judge(bytesOf(path));
      inOrder(counts, pids);
      assert.equal(
        [...counts.values()].reduce((a, b) => a + b, 0),
        files.length,
      );
      assert.ok((counts.get("ok") ?? 0) >= files.filter((f) => f.class === "valid").length * 0.9);
    },
  );

  it("photos that were cut off, or have changed bytes, harm no process", async () => {
    const pids = await ready(2);
    const counts = await judge(mutations());
    inOrder(counts, pids);
    assert.ok((counts.get("ok") ?? 0) > 20 && (counts.get("E_IMAGE_DECODE") ?? 0) > 200, JSON.stringify([...counts]));
  });

  for (const [name, make] of Object.entries(BOMBS)) {
    it(`${name} is no burden`, async () => {
      const pids = await ready(1);
      const [before = 0] = peakBytes(pool ?? assert.fail());
      const bytes = make();
      const start = performance.now();
      const result = await outcome(bytes);
      const seconds = (performance.now() - start) / 1000;
      assert.ok(["ok", "E_IMAGE_DECODE", "E_IMAGE_FORMAT", "E_IMAGE_TOO_LARGE"].includes(result), result);
      assert.ok(seconds < 3, `${seconds} s`);
      assert.deepEqual(pool?.pids(), pids);
      const [after = 0] = peakBytes(pool ?? assert.fail());
      assert.ok(after - before <= 100e6, `${after - before} bytes`);
    });
  }
});

async function* bytesOf(path: string): AsyncGenerator<Uint8Array> {
  for await (const { bytes } of tarEntries(path)) yield bytes;
}

/** Of one photo in each format: 40 that end early, and 80 with one bit changed. */
async function* mutations(): AsyncGenerator<Uint8Array> {
  const data = Uint8Array.from({ length: 90 * 70 * 3 }, (_, i) => hash(1, i >> 3) % 256);
  for (const format of ["jpeg", "png", "webp", "gif", "tiff"] as const) {
    const photo = await sharp(data, { raw: { width: 90, height: 70, channels: 3 } })
      .toFormat(format)
      .toBuffer();
    for (let i = 0; i < 40; i++) yield photo.subarray(0, 1 + (hash(2, i) % (photo.length - 1)));
    for (let i = 0; i < 80; i++) {
      const changed = Buffer.from(photo);
      const at = hash(3, i) % changed.length;
      changed[at] = (changed[at] ?? 0) ^ (1 << (hash(4, i) % 8));
      yield changed;
    }
  }
}
