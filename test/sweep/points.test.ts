import assert from "node:assert/strict";
import { gridPoints } from "../../toolkit/sweep/grid-points.ts";
import { halvingRungs } from "../../toolkit/sweep/halving-rungs.ts";
import { randomPoints } from "../../toolkit/sweep/random-points.ts";
import { axesOf } from "../../toolkit/sweep/space.ts";

const axes = axesOf({
  rate: { from: 1e-4, to: 0.1, scale: "log" },
  hidden: { from: 1, to: 4 },
  decay: [0, 0.01],
});

describe("sweep/grid-points", () => {
  it("gridPoints() makes every combination once, with both ends of a range and even distances on its scale", () => {
    const points = gridPoints(axes, 4);
    assert.equal(points.length, 4 * 4 * 2);
    assert.equal(new Set(points.map((p) => JSON.stringify(p))).size, points.length);
    assert.deepEqual([...new Set(points.map((p) => p["rate"]))], [1e-4, 1e-3, 1e-2, 1e-1]);
    assert.deepEqual([...new Set(points.map((p) => p["hidden"]))], [1, 2, 3, 4]);
    assert.deepEqual(points.slice(0, 3), [
      { rate: 1e-4, hidden: 1, decay: 0 },
      { rate: 1e-4, hidden: 1, decay: 0.01 },
      { rate: 1e-4, hidden: 2, decay: 0 },
    ]);
  });

  it("gridPoints() takes a range of whole numbers no finer than it is, and the middle for one step", () => {
    assert.equal(gridPoints(axesOf({ hidden: { from: 1, to: 3 } }), 50).length, 3);
    assert.deepEqual(gridPoints(axesOf({ rate: { from: 1e-4, to: 1e-2, scale: "log" } }), 1), [{ rate: 1e-3 }]);
  });

  it("gridPoints() refuses what nobody would wait for", () => {
    assert.throws(() => gridPoints(axesOf({ rate: { from: 0, to: 1 }, decay: { from: 0, to: 1 } }), 400), {
      code: "E_SETTING",
      message: /^Cannot sweep a grid of 160000 points/,
    });
  });
});

describe("sweep/random-points", () => {
  it("randomPoints() draws the same for the same seed, more for more trials, and other ones for another seed", () => {
    const few = randomPoints(axes, 10, 3);
    assert.deepEqual(randomPoints(axes, 30, 3).slice(0, 10), few);
    assert.notDeepEqual(randomPoints(axes, 10, 4), few);
  });

  it("randomPoints() leaves the values of an axis as they were where another is added", () => {
    const alone = randomPoints(axes.slice(0, 1), 20, 0).map((p) => p["rate"]);
    assert.deepEqual(
      randomPoints(axes, 20, 0).map((p) => p["rate"]),
      alone,
    );
  });

  it("randomPoints() draws evenly over factors of ten on a log scale, over whole numbers and over choices", () => {
    const points = randomPoints(axes, 3000, 1);
    const share = (holds: (p: (typeof points)[number]) => boolean): number =>
      points.filter(holds).length / points.length;
    const rate = (p: (typeof points)[number]): number => Number(p["rate"]);
    assert.ok(points.every((p) => rate(p) >= 1e-4 && rate(p) <= 0.1));
    for (const [low, high] of [
      [1e-4, 1e-3],
      [1e-3, 1e-2],
      [1e-2, 1e-1],
    ] as const)
      assert.ok(Math.abs(share((p) => rate(p) >= low && rate(p) < high) - 1 / 3) < 0.03, `${low}`);
    for (const hidden of [1, 2, 3, 4]) assert.ok(Math.abs(share((p) => p["hidden"] === hidden) - 1 / 4) < 0.03);
    assert.ok(Math.abs(share((p) => p["decay"] === 0) - 1 / 2) < 0.03);
  });

  it("randomPoints() never draws a point twice, and ends where there are no more", () => {
    const small = axesOf({ decay: [0, 1, 2], hidden: { from: 1, to: 4 } });
    const points = randomPoints(small, 100, 0);
    assert.equal(points.length, 12);
    assert.equal(new Set(points.map((p) => JSON.stringify(p))).size, 12);
  });
});

describe("sweep/halving-rungs", () => {
  it("halvingRungs() gives a third of the trials three times the epochs, up to all of them", () => {
    assert.deepEqual(halvingRungs({ trials: 27, epochs: 27 }), [
      { trials: 27, epochs: 1 },
      { trials: 9, epochs: 3 },
      { trials: 3, epochs: 9 },
      { trials: 1, epochs: 27 },
    ]);
    assert.deepEqual(halvingRungs({ trials: 50, epochs: 30 }), [
      { trials: 50, epochs: 1 },
      { trials: 16, epochs: 3 },
      { trials: 5, epochs: 10 },
      { trials: 1, epochs: 30 },
    ]);
  });

  it("halvingRungs() goes down to the least epochs only, and is one rung where there is nothing to halve", () => {
    assert.deepEqual(halvingRungs({ trials: 16, epochs: 8, factor: 2, leastEpochs: 2 }), [
      { trials: 16, epochs: 2 },
      { trials: 8, epochs: 4 },
      { trials: 4, epochs: 8 },
    ]);
    assert.deepEqual(halvingRungs({ trials: 2, epochs: 30 }), [{ trials: 2, epochs: 30 }]);
    assert.deepEqual(halvingRungs({ trials: 50, epochs: 2 }), [{ trials: 50, epochs: 2 }]);
  });

  it("halvingRungs() refuses a factor that does not halve", () => {
    assert.throws(() => halvingRungs({ trials: 4, epochs: 4, factor: 1 }), { code: "E_SETTING" });
    assert.throws(() => halvingRungs({ trials: 4, epochs: 4, leastEpochs: 0 }), { code: "E_SETTING" });
  });
});
