import assert from "node:assert/strict";
import { augmentation, epochOrder, randomResizedCrop, sampleDraw } from "../../toolkit/data/augment.ts";

const size = { width: 400, height: 300 };

const augmented = (seed: number, epoch: number, sample: number): string =>
  JSON.stringify(augmentation(size, sampleDraw(seed, epoch, sample)));
const flips = (flipProbability?: number): number =>
  Array.from({ length: 2000 }, (_, i) =>
    augmentation(size, sampleDraw(3, 1, i), flipProbability === undefined ? {} : { flipProbability }),
  ).filter((a) => a.flip).length;

describe("data/augment randomResizedCrop", () => {
  const boxes = Array.from({ length: 4000 }, (_, i) => randomResizedCrop(size, sampleDraw(1, 0, i)));

  it("stays inside the picture and inside its bounds of area and ratio", () => {
    for (const { left, top, width, height } of boxes) {
      assert.ok(left >= 0 && top >= 0 && left + width <= 400 && top + height <= 300);
      assert.ok((width * height) / 120_000 > 0.078);
      assert.ok(width / height > 0.735 && width / height < 1.36);
    }
  });

  it("draws area and place evenly", () => {
    const areas = boxes.map(({ width, height }) => (width * height) / 120_000);
    const small = areas.filter((a) => a < 0.31).length;
    const middle = areas.filter((a) => a >= 0.31 && a < 0.54).length;
    // crops of little area always fit, so that the lower two quarters are equally likely
    assert.ok(Math.abs(small / middle - 1) < 0.12, `${small} and ${middle}`);
    const shift =
      boxes.reduce((sum, b) => sum + (b.left + b.width / 2) / 400 + (b.top + b.height / 2) / 300, 0) / boxes.length;
    assert.ok(Math.abs(shift - 1) < 0.01, `${shift}`);
  });

  it("draws wide and tall crops alike while both fit", () => {
    const square = { width: 300, height: 300 };
    const wide = boxes
      .map((_, i) => randomResizedCrop(square, sampleDraw(2, 0, i), { maxArea: 0.5 }))
      .filter((b) => b.width > b.height);
    assert.ok(Math.abs(wide.length / boxes.length - 0.5) < 0.03, `${wide.length}`);
  });

  it("takes the largest allowed crop in the middle where no attempt fits", () => {
    const draw = sampleDraw(1, 0, 0);
    assert.deepEqual(randomResizedCrop({ width: 10, height: 1000 }, draw, { minArea: 1 }), {
      left: 0,
      top: 493,
      width: 10,
      height: 13,
    });
    assert.deepEqual(randomResizedCrop({ width: 1000, height: 30 }, draw, { minArea: 1 }), {
      left: 480,
      top: 0,
      width: 40,
      height: 30,
    });
    assert.deepEqual(randomResizedCrop({ width: 1, height: 1 }, draw), { left: 0, top: 0, width: 1, height: 1 });
  });
});

describe("data/augment augmentation", () => {
  it("depends on seed, epoch and sample, and on nothing else", () => {
    assert.equal(augmented(1, 2, 3), augmented(1, 2, 3));
    assert.equal(new Set([augmented(1, 2, 3), augmented(9, 2, 3), augmented(1, 9, 3), augmented(1, 2, 9)]).size, 4);
  });

  it("flips half of them, or as many as it is told", () => {
    assert.ok(Math.abs(flips() - 1000) < 70, `${flips()}`);
    assert.equal(flips(0), 0);
    assert.equal(flips(1), 2000);
  });
});

describe("data/augment epochOrder", () => {
  it("is a permutation that seed and epoch decide", () => {
    const order = epochOrder(100, 1, 1);
    assert.deepEqual(
      [...order].toSorted((a, b) => a - b),
      [...order.keys()],
    );
    assert.deepEqual(epochOrder(100, 1, 1), order);
    assert.notDeepEqual(epochOrder(100, 1, 2), order);
    assert.notDeepEqual(epochOrder(100, 2, 1), order);
    assert.deepEqual(epochOrder(0, 1, 1), new Int32Array());
  });

  it("gives each of the six orders of three equally often", () => {
    const counts = new Map<string, number>();
    for (let epoch = 0; epoch < 6000; epoch++) {
      const order = epochOrder(3, 5, epoch).join("");
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    assert.equal(counts.size, 6);
    for (const [order, n] of counts) assert.ok(Math.abs(n - 1000) < 130, `${order}: ${n}`);
  });
});
