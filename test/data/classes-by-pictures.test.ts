import assert from "node:assert/strict";
import { classesByPictures } from "../../toolkit/data/classes-by-pictures.ts";

/** Nine samples of class 0, twenty of 2, five of 5 and two of 7, mixed, and three without a label. */
const labels = Array.from("2025207222-52027-5202225202-02225022").map((c) => (c === "-" ? -1 : Number(c)));

/** The batches of an order, as the labels and the samples that each has. */
function batchesOf(order: Int32Array, size: number): readonly (readonly number[])[] {
  return Array.from({ length: order.length / size }, (_, k) => [...order.subarray(k * size, (k + 1) * size)]);
}

describe("data/classes-by-pictures", () => {
  it("classesByPictures() gives every batch so many classes and so many pictures of each", () => {
    for (const [classes, pictures] of [
      [2, 3],
      [3, 4],
      [4, 2],
      [1, 5],
    ] as const) {
      const order = classesByPictures(labels, { classes, pictures }, 4, 1);
      const batches = batchesOf(order, classes * pictures);
      assert.equal(batches.length, Math.floor(labels.length / (classes * pictures)));
      for (const batch of batches) {
        const found = new Set(batch.map((i) => labels[i] ?? -1));
        assert.equal(found.size, classes);
        assert.ok(!found.has(-1));
        for (const label of found) {
          const own = batch.filter((i) => labels[i] === label);
          assert.equal(own.length, pictures);
          const all = labels.filter((l) => l === label).length;
          assert.equal(new Set(own).size, Math.min(all, pictures), `class ${label} of ${own.join()}`);
        }
      }
    }
  });

  it("classesByPictures() takes classes equally often, however many pictures they have", () => {
    const many = Array.from({ length: 1200 }, (_, i) => (i < 1000 ? 0 : 1 + (i % 3)));
    const order = classesByPictures(many, { classes: 2, pictures: 5 }, 0, 0);
    const counts = [0, 1, 2, 3].map((label) => order.filter((i) => many[i] === label).length);
    // 120 batches of 2 are 60 packs of 4
    assert.deepEqual(counts, [300, 300, 300, 300]);
  });

  it("classesByPictures() shows a sample again only when its class has been dealt", () => {
    const even = Array.from({ length: 40 }, (_, i) => i % 4);
    const order = classesByPictures(even, { classes: 4, pictures: 5 }, 9, 3);
    assert.equal(order.length, 40);
    assert.equal(new Set(order).size, 40);
  });

  it("classesByPictures() is the same for the same seed and epoch, and another for any other", () => {
    const order = (seed: number, epoch: number): Int32Array =>
      classesByPictures(labels, { classes: 3, pictures: 2 }, seed, epoch);
    assert.deepEqual(order(1, 0), order(1, 0));
    assert.notDeepEqual(order(1, 0), order(1, 1));
    assert.notDeepEqual(order(1, 0), order(2, 0));
  });

  it("classesByPictures() refuses more classes than there are, and no number of pictures", () => {
    assert.throws(() => classesByPictures(labels, { classes: 5, pictures: 2 }, 0, 0), {
      code: "E_SETTING",
      message: /5 classes for each batch: the samples are of 4/,
    });
    assert.throws(() => classesByPictures(labels, { classes: 2, pictures: 0.5 }, 0, 0), {
      code: "E_SETTING",
      message: /pictures of 1 or more, got 0\.5/,
    });
  });
});
