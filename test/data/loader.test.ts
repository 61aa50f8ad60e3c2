import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { type Batch, batchCount, type BatchOptions, batches } from "../../toolkit/data/loader.ts";
import type { Sample } from "../../toolkit/data/sample.ts";
import { decodePxOf, type PhotoDecoder, viewOf } from "../../toolkit/data/view.ts";
import { ToolkitError } from "../../toolkit/errors.ts";
import type { Decoder } from "../../toolkit/images/decoder.ts";

/** A picture of noise for each path; "bad..." is broken, and some take longer than others. */
const decoder: Decoder = {
  async decode(source) {
    if (typeof source !== "string") throw new TypeError("expected a path");
    await sleep((source.length * 7 + source.charCodeAt(source.length - 1)) % 4);
    if (source.startsWith("bad")) throw new ToolkitError("E_IMAGE_DECODE", `Cannot decode "${source}"`);
    const start = source.charCodeAt(source.length - 1);
    const data = Uint8Array.from({ length: 12 * 10 * 3 }, (_, i) => (i * 37 + start * 101) % 256);
    return { width: 12, height: 10, data };
  },
};

function samplesOf(...paths: readonly string[]): Sample[] {
  return paths.map((path, i) => ({ path, label: i % 3, id: path }));
}
const ten = samplesOf("a", "b", "c", "d", "e", "f", "g", "h", "i", "j");
const options = {
  decoder,
  batchSize: 4,
  sizePx: 8,
  train: true,
  seed: 5,
  epoch: 2,
} satisfies BatchOptions;

async function all(samples: readonly Sample[], more: Partial<BatchOptions> = {}): Promise<Batch[]> {
  const got: Batch[] = [];
  for await (const batch of batches(samples, { ...options, ...more })) got.push(batch);
  return got;
}

describe("data/loader", () => {
  it("gives every sample once, with its label, in full batches", async () => {
    const got = await all(ten);
    assert.equal(got.length, batchCount(10, 4));
    const seen = got.flatMap((b) => [...b.indices.subarray(0, b.count)]);
    assert.deepEqual(
      seen.toSorted((a, b) => a - b),
      [...ten.keys()],
    );
    assert.notDeepEqual(seen, [...ten.keys()]);
    for (const b of got) {
      assert.equal(b.pixels.length, 4 * 8 * 8 * 3);
      for (let i = 0; i < b.count; i++) assert.equal(b.labels[i], ten[b.indices[i] ?? 0]?.label);
    }
    assert.deepEqual(
      got.map((b) => b.position),
      [4, 8, 10],
    );
  });

  it("fills the last batch with its own pictures at weight 0", async () => {
    const last = (await all(ten)).at(-1);
    assert.equal(last?.count, 2);
    assert.deepEqual([...last.weight], [1, 1, 0, 0]);
    assert.deepEqual([...last.indices.subarray(2)], [-1, -1]);
    assert.deepEqual(last.pixels.subarray(2 * 192), last.pixels.subarray(0, 2 * 192));
  });

  it("evaluates in order, alike in every epoch", async () => {
    const got = await all(ten, { train: false });
    assert.deepEqual(got.flatMap((b) => [...b.indices]).slice(0, 10), [...ten.keys()]);
    assert.deepEqual(await all(ten, { train: false, epoch: 9, seed: 1 }), got);
    const [first] = got;
    const seen = viewOf(await decoder.decode("a"), { sizePx: 8 });
    assert.deepEqual(first?.pixels.subarray(0, 192), seen.data);
  });

  it("gives the same batches whatever runs at once and ahead", async () => {
    assert.deepEqual(await all(ten, { concurrency: 1, prefetch: 0 }), await all(ten, { concurrency: 8, prefetch: 3 }));
  });

  it("changes order and crops from epoch to epoch and seed to seed", async () => {
    const first = (await all(ten))[0]?.pixels;
    assert.notDeepEqual((await all(ten, { epoch: 3 }))[0]?.pixels, first);
    assert.notDeepEqual((await all(ten, { seed: 6 }))[0]?.pixels, first);
    const a = await all(samplesOf("a"));
    const b = await all(samplesOf("a"), { epoch: 3 });
    assert.notDeepEqual(a[0]?.pixels, b[0]?.pixels);
  });

  it("shuffles without augmenting where augment is null", async () => {
    const plain = await all(samplesOf("a"), { train: false });
    assert.deepEqual((await all(samplesOf("a"), { augment: null }))[0]?.pixels, plain[0]?.pixels);
  });

  it("resumes behind any batch with the same bytes", async () => {
    const whole = await all(ten);
    for (const [i, batch] of whole.entries())
      assert.deepEqual(await all(ten, { skipTo: batch.position }), whole.slice(i + 1));
  });

  it("drops an unreadable file, says so, and moves nothing else", async () => {
    const samples = samplesOf("a", "b", "bad1", "d", "e", "f", "g", "h");
    const told: string[] = [];
    const got = await all(samples, { train: false, onBad: (file) => told.push(file.path) });
    assert.deepEqual(
      got.map((b) => [...b.indices]),
      [
        [0, 1, 3, -1],
        [4, 5, 6, 7],
      ],
    );
    assert.deepEqual(
      got.map((b) => b.bad.map((f) => [f.path, f.code])),
      [[["bad1", "E_IMAGE_DECODE"]], []],
    );
    assert.deepEqual(told, ["bad1"]);
  });

  it("leaves out a batch of nothing but unreadable files", async () => {
    const got = await all(samplesOf("bad1", "bad2", "c", "bad3", "bad4"), { train: false, batchSize: 2 });
    assert.deepEqual(
      got.map((b) => [b.position, b.count, b.bad.length]),
      [[4, 1, 3]],
    );
  });

  it("refuses an epoch in which nothing can be read", () =>
    assert.rejects(all(samplesOf("bad1", "bad2")), { code: "E_DATA_EMPTY", message: /2 photos.*"bad/ }));

  it("leaves the view to a decoder that makes views, and asks for as many at once as it wants", async () => {
    let running = 0;
    let most = 0;
    const viewer: PhotoDecoder = {
      decode: () => assert.fail("the loader decodes by itself"),
      atOnce: 3,
      async view(source, view) {
        most = Math.max(most, ++running);
        const pixels = viewOf(await decoder.decode(source, { minSidePx: decodePxOf(view) }), view);
        running--;
        return pixels;
      },
    };
    assert.deepEqual(await all(ten, { decoder: viewer }), await all(ten));
    assert.deepEqual(await all(ten, { decoder: viewer, train: false }), await all(ten, { train: false }));
    assert.equal(most, 3);
  });

  it("prepares a batch while the reader has another, and stops when two more are decoded", async () => {
    const asked: unknown[] = [];
    const counting: Decoder = {
      decode(source, decodeOptions) {
        asked.push(source);
        return decoder.decode(source, decodeOptions);
      },
    };
    const many = Array.from({ length: 60 }, (_, i) => ({ path: `p${i}`, label: 0, id: `${i}` }));
    for await (const batch of batches(many, { ...options, decoder: counting, prefetch: 2 })) {
      await sleep(300);
      // this one, the next that is ready, and two that are decoded
      assert.equal(asked.length, Math.min(60, batch.position + 3 * 4), `at ${batch.position}`);
      if (batch.position >= 12) break;
    }
  });

  it("passes on errors that are not the picture's", () => {
    const broken: Decoder = { decode: () => Promise.reject(new TypeError("a bug")) };
    return assert.rejects(all(ten, { decoder: broken }), TypeError);
  });

  it("stops with the reason of the signal", async () => {
    const controller = new AbortController();
    await assert.rejects(async () => {
      for await (const batch of batches(ten, { ...options, signal: controller.signal })) {
        assert.equal(batch.position, 4);
        controller.abort(new Error("stop here"));
      }
    }, /stop here/);
  });

  it("gives a sample that is drawn again another view, its first one being the epoch's own, wherever the reader begins", async () => {
    const rows = (got: readonly Batch[]): Uint8Array[] =>
      got.flatMap((b) => Array.from({ length: b.count }, (_, i) => b.pixels.slice(i * 192, (i + 1) * 192)));
    const only = [3, 3, 1, 3, 1];
    const drawn = rows(await all(ten, { only }));
    const [three, one] = rows(await all(ten, { only: [3, 1] }));
    assert.deepEqual([drawn[0], drawn[2]], [three, one]);
    assert.notDeepEqual(drawn[1], drawn[0]);
    assert.notDeepEqual(drawn[3], drawn[0]);
    assert.notDeepEqual(drawn[3], drawn[1]);
    assert.deepEqual(rows(await all(ten, { only, skipTo: 4 })), drawn.slice(4));
  });

  it("gives each row the weight of its sample, and 0 to those that only fill the batch", async () => {
    const weights = ten.map((_, i) => i / 8);
    for (const b of await all(ten, { weights })) {
      assert.deepEqual(
        [...b.weight],
        Array.from(b.indices, (index) => (index < 0 ? 0 : index / 8)),
      );
    }
  });

  it("refuses settings that make no sense", async () => {
    for (const wrong of [
      { batchSize: 0 },
      { sizePx: 1.5 },
      { resizePx: 7 },
      { resizePx: 20, decodePx: 19 },
      { skipTo: -1 },
    ]) {
      await assert.rejects(all(ten, wrong), { code: "E_SETTING" });
    }
  });
});
