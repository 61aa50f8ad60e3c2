import assert from "node:assert/strict";
import type { LabelIndex } from "../../toolkit/search/label-index.ts";
import { openIndex } from "../../toolkit/search/open-index.ts";
import type { IndexedPhoto } from "../../toolkit/search/photo.ts";
import { memoryStore } from "../../toolkit/search/stores/memory.ts";
import { digest, model, photo } from "../support/store-suite.ts";

const open = (): Promise<LabelIndex> => openIndex(memoryStore());

async function* tenPhotos(): AsyncGenerator<IndexedPhoto> {
  for (let i = 0; i < 10; i++) yield photo(`${i}`, { cat: i / 10 });
}

function* photosThenError(): Generator<IndexedPhoto> {
  yield photo("a", { cat: 0.5 });
  throw new Error("unplugged");
}

describe("search/label-index", () => {
  it("add() takes photos as they come, in batches", async () => {
    const store = memoryStore();
    const written: number[] = [];
    const write = store.write.bind(store);
    store.write = (changes) => {
      written.push(changes.length);
      return write(changes);
    };
    const index = await openIndex(store, { batchSize: 4 });
    assert.equal(await index.add(tenPhotos()), 10);
    assert.deepEqual(written, [4, 4, 2]);
    assert.equal(await index.add([]), 0);
  });

  it("add() keeps the photos that came before an error", async () => {
    const index = await open();
    await assert.rejects(index.add(photosThenError()), /unplugged/);
    assert.equal((await index.stats()).photos, 1);
  });

  it("add() refuses what cannot be stored, and names it", async () => {
    const index = await open();
    const refused: readonly (readonly [Partial<IndexedPhoto>, RegExp])[] = [
      [{ sha256: "abc" }, /"abc" is no SHA-256/],
      [{ model: { sha256: "", name: "m" } }, /no SHA-256/],
      [{ labels: [{ label: "cat", weight: 1.5 }] }, /the weight of "cat" is 1.5, expected 0 to 1/],
      [{ labels: [{ label: "cat", weight: Number.NaN }] }, /the weight of "cat" is NaN/],
      [{ labels: [{ label: " ", weight: 0.5 }] }, /a label is empty/],
      [{ size: Number.NaN }, /size is NaN/],
      [{ mtime: Infinity }, /mtime is Infinity/],
      [{ features: new Float32Array([Number.NaN]) }, /a feature is not a finite number/],
    ];
    for (const [more, message] of refused) {
      await assert.rejects(index.add([photo("a.jpg", { cat: 0.5 }, more)]), { code: "E_SETTING", message });
    }
    assert.equal((await index.stats()).files, 0);
  });

  it("add() keeps the heaviest of a label's weights, and none that rounds to nothing", async () => {
    const index = await open();
    const labels = [
      { label: "cat", weight: 0.2 },
      { label: "cat", weight: 0.6 },
      { label: "dog", weight: 1e-7 },
    ];
    await index.add([photo("a", {}, { labels })]);
    assert.deepEqual((await index.search("cat"))[0]?.labels, [{ label: "cat", weight: 0.6 }]);
    assert.deepEqual(await index.labels(), [{ label: "cat", photos: 1 }]);
  });

  it("has() tells a file that changed, or was labelled by another model", async () => {
    const index = await open();
    await index.add([photo("a", { cat: 0.5 }, { size: 7, mtime: 1234.9 })]);
    assert.equal(await index.has("a", 7, 1234.9, model.sha256.toUpperCase()), true);
    assert.equal(await index.has("a", 8, 1234.9, model.sha256), false);
    assert.equal(await index.has("a", 7, 1236, model.sha256), false);
    assert.equal(await index.has("a", 7, 1234.9, digest("new model")), false);
    assert.equal(await index.has("b", 7, 1234.9, model.sha256), false);
  });

  it("search() pages through hits without a gap or a repetition", async () => {
    const index = await open();
    await index.add(Array.from({ length: 50 }, (_, i) => photo(`${i}`, { cat: (i % 5) / 10 + 0.1 })));
    const all = (await index.search("cat", { limit: 50 })).map((hit) => hit.imageId);
    const pages = [];
    for (let offset = 0; offset < 50; offset += 7) pages.push(...(await index.search("cat", { limit: 7, offset })));
    assert.deepEqual(
      pages.map((hit) => hit.imageId),
      all,
    );
    assert.equal(new Set(all).size, 50);
    assert.equal((await index.search("cat")).length, 20);
  });

  it("search() orders equal scores by image id", async () => {
    const index = await open();
    await index.add(Array.from({ length: 30 }, (_, i) => photo(`${i}`, { cat: 0.5, [`own ${i}`]: 0.1 })));
    for (const query of ["cat", "cat own*", "-dog", "cat OR own*"]) {
      await index.addLabels(["dog"]);
      const ids = (await index.search(query, { limit: 30 })).map((hit) => hit.imageId);
      assert.deepEqual(
        ids,
        [...ids].sort((a, b) => (a < b ? -1 : 1)),
        query,
      );
      assert.equal(ids.length, 30);
    }
  });

  it("search() finds labels that another writer has added since", async () => {
    const store = memoryStore();
    const [reader, writer] = [await openIndex(store), await openIndex(store)];
    await assert.rejects(reader.search("cat"), { code: "E_QUERY_LABEL" });
    await writer.add([photo("a", { cat: 0.5 })]);
    assert.equal((await reader.search("cat")).length, 1);
  });

  it("search() finds nothing, and refuses nothing, for a label that is known but on no photo", async () => {
    const index = await open();
    await index.addLabels(["cat", ""]);
    await index.add([photo("a", { dog: 0.5 })]);
    assert.deepEqual(await index.search("cat"), []);
    assert.equal((await index.search("dog -cat", { rank: "cosine" })).length, 1);
  });

  it("refuses settings that make no sense", async () => {
    const index = await open();
    await index.add([photo("a", { cat: 0.5 })]);
    const bad = [{ limit: 0 }, { limit: 1.5 }, { offset: -1 }, { minWeight: 2 }, { rank: "best" as "weight" }];
    for (const options of bad) await assert.rejects(index.search("cat", options), { code: "E_SETTING" });
    await assert.rejects(index.similar("a", { limit: 0 }), { code: "E_SETTING" });
    await assert.rejects(openIndex(memoryStore(), { batchSize: 0 }), { code: "E_SETTING" });
  });

  it("stats() counts photos by model", async () => {
    const index = await open();
    const other = { sha256: digest("other"), name: "other" };
    await index.add([photo("a", { cat: 1 }), photo("b", { dog: 1 }), photo("c", { dog: 1 }, { model: other })]);
    await index.addFailed("d", "E_IMAGE_READ");
    const models = [
      { model, photos: 2 },
      { model: other, photos: 1 },
    ];
    assert.deepEqual(await index.stats(), { photos: 3, files: 4, failed: 1, labels: 2, models });
  });
});
