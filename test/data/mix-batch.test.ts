import assert from "node:assert/strict";
import { checkMix, drawMix, mixRows } from "../../toolkit/data/mix-batch.ts";
import type { Mix, MixOptions } from "../../toolkit/data/mix-batch.ts";
import { fillNormal } from "../../toolkit/graph/random.ts";

const SHAPE = [6, 3, 16, 20] as const;
const [ROWS, CHANNELS, HEIGHT, WIDTH] = SHAPE;
const SIZE = { width: WIDTH, height: HEIGHT };
const CLASSES = 4;
const planes = fillNormal(ROWS * CHANNELS * HEIGHT * WIDTH, 1, 2);
const targets = new Float32Array(ROWS * CLASSES);
for (let row = 0; row < ROWS; row++) targets[row * CLASSES + (row % CLASSES)] = 1;

const MIXUP: MixOptions = { mixupAlpha: 0.4, seed: 3, epoch: 0, batch: 0 };
const CUTMIX: MixOptions = { cutmixAlpha: 1, seed: 3, epoch: 0, batch: 0 };

function drawn(options: MixOptions, rows: number = ROWS): Mix {
  return drawMix(rows, SIZE, options) ?? assert.fail("expected a batch that is mixed");
}

function many(options: MixOptions, count = 4000): readonly (Mix | undefined)[] {
  return Array.from({ length: count }, (_, batch) => drawMix(ROWS, SIZE, { ...options, batch }));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, v) => sum + v, 0) / values.length;
}

/** Value c, y, x of a row. */
function at(values: Float32Array, row: number, c: number, y: number, x: number): number {
  return values[((row * CHANNELS + c) * HEIGHT + y) * WIDTH + x] ?? Number.NaN;
}

describe("data/mix-batch", () => {
  it("mixup: every value and every target is lambda of its own and the rest of its partner's", () => {
    const { share, partners, box } = drawn(MIXUP);
    assert.equal(box, undefined);
    assert.ok(share > 0 && share < 1);
    const mixed = mixRows(planes, targets, SHAPE, MIXUP);
    for (const [values, before] of [
      [mixed.planes, planes],
      [mixed.targets, targets],
    ] as const) {
      const size = before.length / ROWS;
      const expected = Float32Array.from(before, (value, i) => {
        const partner = partners[Math.floor(i / size)] ?? -1;
        return share * value + (1 - share) * (before[partner * size + (i % size)] ?? Number.NaN);
      });
      assert.deepEqual(values, expected);
    }
  });

  it("cutmix: the box is the partner's, all else is the row's own, and lambda is the area outside to the pixel", () => {
    for (let batch = 0; batch < 60; batch++) {
      const options = { ...CUTMIX, batch };
      const { share, partners, box } = drawn(options);
      const { left, top, width, height } = box ?? assert.fail("expected a box");
      assert.ok(left >= 0 && top >= 0 && left + width <= WIDTH && top + height <= HEIGHT, JSON.stringify(box));
      assert.equal(share, 1 - (width * height) / (WIDTH * HEIGHT));
      const mixed = mixRows(planes, targets, SHAPE, options);
      let others = 0;
      for (let row = 0; row < ROWS; row++) {
        for (let c = 0; c < CHANNELS; c++) {
          for (let y = 0; y < HEIGHT; y++) {
            for (let x = 0; x < WIDTH; x++) {
              const isInside = x >= left && x < left + width && y >= top && y < top + height;
              const from = isInside ? (partners[row] ?? -1) : row;
              if (isInside) others++;
              assert.equal(at(mixed.planes, row, c, y, x), at(planes, from, c, y, x));
            }
          }
        }
      }
      assert.equal(others, Math.round((1 - share) * WIDTH * HEIGHT) * ROWS * CHANNELS);
      for (let i = 0; i < targets.length; i++) {
        const row = Math.floor(i / CLASSES);
        const partner = (partners[row] ?? 0) * CLASSES + (i % CLASSES);
        assert.equal(mixed.targets[i], Math.fround(share * targets[i]! + (1 - share) * targets[partner]!));
      }
    }
  });

  it("targets stay distributions, and neither array is changed in place", () => {
    const [before, classes] = [new Float32Array(planes), new Float32Array(targets)];
    for (const options of [MIXUP, CUTMIX]) {
      const mixed = mixRows(planes, targets, SHAPE, options);
      for (let row = 0; row < ROWS; row++) {
        const sum = mixed.targets.subarray(row * CLASSES, (row + 1) * CLASSES).reduce((a, b) => a + b, 0);
        assert.ok(Math.abs(sum - 1) < 1e-6);
      }
      assert.notDeepEqual(mixed.planes, planes);
    }
    assert.deepEqual(planes, before);
    assert.deepEqual(targets, classes);
  });

  it("rows of weight 0 are not mixed, nor mixed into others; no row is mixed with itself", () => {
    const weight = Float32Array.of(1, 0.5, 0, 2, 1, 0);
    for (let batch = 0; batch < 50; batch++) {
      for (const settings of [MIXUP, CUTMIX]) {
        const options = { ...settings, batch, weight };
        const { partners } = drawn(options);
        assert.deepEqual([partners[2], partners[5]], [2, 5]);
        const counted = [0, 1, 3, 4];
        const theirs = counted.map((row) => partners[row] ?? -1);
        assert.deepEqual(
          theirs.toSorted((a, b) => a - b),
          counted,
          "each is mixed into one other",
        );
        assert.ok(counted.every((row) => partners[row] !== row));
        const mixed = mixRows(planes, targets, SHAPE, options);
        const size = planes.length / ROWS;
        for (const row of [2, 5]) {
          assert.deepEqual(
            mixed.planes.subarray(row * size, (row + 1) * size),
            planes.subarray(row * size, (row + 1) * size),
          );
          assert.deepEqual(
            mixed.targets.subarray(row * CLASSES, (row + 1) * CLASSES),
            targets.subarray(row * CLASSES, (row + 1) * CLASSES),
          );
        }
      }
    }
  });

  it("rows go with every other one over time", () => {
    const partners = new Set(many(MIXUP, 200).map((mix) => mix?.partners[0] ?? -1));
    assert.deepEqual(
      [...partners].toSorted((a, b) => a - b),
      [1, 2, 3, 4, 5],
    );
  });

  it("a batch is left as it is where nothing is asked for, where it has one row, and where the draw says so", () => {
    const cases: readonly MixOptions[] = [
      { seed: 0, epoch: 0, batch: 0 },
      { ...MIXUP, mixProbability: 0 },
      { ...CUTMIX, weight: [0, 0, 1, 0, 0, 0] },
    ];
    for (const options of cases) {
      const mixed = mixRows(planes, targets, SHAPE, options);
      assert.equal(mixed.planes, planes);
      assert.equal(mixed.targets, targets);
    }
    assert.equal(drawMix(1, SIZE, MIXUP), undefined);
  });

  it("follows from seed, epoch and batch alone, and differs with each of them", () => {
    const shares = [MIXUP, { ...MIXUP, seed: 4 }, { ...MIXUP, epoch: 1 }, { ...MIXUP, batch: 1 }].map(
      (o) => drawn(o).share,
    );
    assert.equal(new Set(shares).size, 4);
    assert.deepEqual(drawn(MIXUP), drawn({ ...MIXUP }));
    assert.deepEqual(mixRows(planes, targets, SHAPE, CUTMIX), mixRows(planes, targets, SHAPE, { ...CUTMIX }));
  });

  for (const alpha of [0.1, 0.4, 1, 3]) {
    it(`lambda has the mean, the spread and the fourth moment of Beta(${alpha}, ${alpha})`, () => {
      const shares = many({ ...MIXUP, mixupAlpha: alpha }, 20_000).map((mix) => mix?.share ?? Number.NaN);
      assert.ok(shares.every((share) => share >= 0 && share <= 1));
      const centred = (power: number): number => mean(shares.map((share) => (share - 0.5) ** power));
      const variance = 1 / (4 * (2 * alpha + 1));
      assert.ok(Math.abs(mean(shares) - 0.5) < 4 * Math.sqrt(variance / shares.length), `mean ${mean(shares)}`);
      assert.ok(Math.abs(centred(2) / variance - 1) < 0.03, `variance ${centred(2)}, expected ${variance}`);
      // kurtosis of the symmetric beta distribution: 3 - 6 / (2 alpha + 3)
      const kurtosis = 3 - 6 / (2 * alpha + 3);
      assert.ok(Math.abs(centred(4) / variance ** 2 / kurtosis - 1) < 0.06, `kurtosis ${centred(4) / variance ** 2}`);
    });
  }

  it("a very small alpha leaves nearly whole pictures, and no number that is none", () => {
    const shares = many({ ...MIXUP, mixupAlpha: 1e-4 }, 500).map((mix) => mix?.share ?? Number.NaN);
    assert.ok(shares.every((share) => share < 1e-3 || share > 0.999));
    const nearOnes = shares.filter((share) => share > 0.5).length;
    assert.ok(nearOnes > 200 && nearOnes < 300, `${nearOnes} of 500`);
  });

  it("mixes and cuts in the shares that were asked for", () => {
    const found = many({ ...MIXUP, cutmixAlpha: 1, mixProbability: 0.6, cutmixShare: 0.25 });
    const mixed = found.filter((mix) => mix !== undefined);
    const cut = mixed.filter((mix) => mix.box !== undefined);
    assert.ok(Math.abs(mixed.length / found.length - 0.6) < 0.03, `${mixed.length} of ${found.length}`);
    assert.ok(Math.abs(cut.length / mixed.length - 0.25) < 0.03, `${cut.length} of ${mixed.length}`);
    assert.ok(many(CUTMIX, 200).every((mix) => mix?.box));
    assert.ok(many(MIXUP, 200).every((mix) => !mix?.box));
  });

  it("boxes lie anywhere: each pixel is as often inside as its mirror image is, and the middle more often than a corner", () => {
    const inside = new Float64Array(HEIGHT * WIDTH);
    const mixes = many(CUTMIX, 8000);
    for (const mix of mixes) {
      const { left, top, width, height } = mix?.box ?? assert.fail();
      for (let y = top; y < top + height; y++) for (let x = left; x < left + width; x++) inside[y * WIDTH + x]! += 1;
    }
    const rate = (y: number, x: number): number => inside[y * WIDTH + x]! / mixes.length;
    assert.ok(
      Math.abs(rate(2, 3) - rate(HEIGHT - 3, WIDTH - 4)) < 0.04,
      `${rate(2, 3)}, ${rate(HEIGHT - 3, WIDTH - 4)}`,
    );
    assert.ok(rate(HEIGHT / 2, WIDTH / 2) > rate(0, 0) + 0.1);
    assert.ok(rate(0, 0) > 0 && rate(HEIGHT - 1, WIDTH - 1) > 0);
  });

  it("smoothed labels mixed are mixed labels smoothed, so that the loss may smooth", () => {
    const smoothed = (rows: Float32Array): Float32Array => rows.map((t) => 0.9 * t + 0.1 / CLASSES);
    const before = mixRows(planes, smoothed(targets), SHAPE, MIXUP).targets;
    const after = smoothed(mixRows(planes, targets, SHAPE, MIXUP).targets);
    for (const [i, value] of after.entries()) assert.ok(Math.abs(value - before[i]!) < 1e-6);
  });

  it("refuses settings that cannot be meant, and arrays of another size", () => {
    assert.throws(() => checkMix({ mixupAlpha: -1 }), {
      code: "E_SETTING",
      message: /mixupAlpha -1: expected a number of 0 or more/,
    });
    assert.throws(() => checkMix({ cutmixAlpha: Number.NaN }), { code: "E_SETTING", message: /cutmixAlpha NaN/ });
    assert.throws(() => checkMix({ cutmixAlpha: Infinity }), { code: "E_SETTING" });
    assert.throws(() => checkMix({ mixProbability: 1.1 }), {
      code: "E_SETTING",
      message: /expected a number from 0 to 1/,
    });
    assert.throws(() => mixRows(planes, targets, SHAPE, { ...MIXUP, cutmixShare: 2 }), { code: "E_SETTING" });
    assert.throws(() => mixRows(planes.subarray(1), targets, SHAPE, MIXUP), { code: "E_SHAPE" });
    assert.throws(() => mixRows(planes, targets.subarray(1), SHAPE, MIXUP), { code: "E_SHAPE" });
  });
});
