import assert from "node:assert/strict";
import { eraseWithNoise } from "../../../toolkit/images/augment/erase.ts";
import { gaussianNoise, uniformBytes } from "../../../toolkit/images/augment/noise.ts";
import { drawn } from "./pictures.ts";

const grey = drawn(100, 100, () => 128);

/** Mean and standard deviation. */
function spread(values: readonly number[]): readonly [number, number] {
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  return [mean, Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length)];
}

/** The correlation of each value with the one `distance` behind it. */
function correlation(values: readonly number[], distance: number): number {
  const [mean, deviation] = spread(values);
  const products = values.slice(distance).map((v, i) => (v - mean) * ((values[i] ?? 0) - mean));
  return products.reduce((sum, v) => sum + v, 0) / products.length / deviation ** 2;
}

describe("images/augment/noise", () => {
  it("gaussianNoise() adds normal numbers of the deviation that is asked for", () => {
    const differences = [...gaussianNoise(grey, 20, 7).data].map((v) => v - 128);
    const [mean, deviation] = spread(differences);
    // of 30,000 numbers: four standard errors
    assert.ok(Math.abs(mean) < 0.46, `${mean}`);
    assert.ok(Math.abs(deviation - 20) < 0.33, `${deviation}`);
    const within = (share: number): number => differences.filter((d) => Math.abs(d) <= share).length / 30_000;
    // rounded to whole levels: half a level more
    assert.ok(Math.abs(within(20) - 0.6947) < 0.011, `${within(20)}`);
    assert.ok(Math.abs(within(40) - 0.9572) < 0.005, `${within(40)}`);
  });

  it("gaussianNoise() gives neighbours and channels numbers that have nothing to do with one another", () => {
    const differences = [...gaussianNoise(grey, 20, 7).data];
    for (const distance of [1, 2, 3, 6, 300, 303]) {
      const found = correlation(differences, distance);
      assert.ok(Math.abs(found) < 0.025, `${distance}: ${found}`);
    }
  });

  it("gaussianNoise() stays within 0..255", () => {
    const bright = gaussianNoise(
      drawn(40, 40, () => 254),
      60,
      1,
    ).data;
    const dark = gaussianNoise(
      drawn(40, 40, () => 1),
      60,
      1,
    ).data;
    assert.ok(bright.filter((v) => v === 255).length > 2000 && bright.every((v) => v > 5));
    assert.ok(dark.filter((v) => v === 0).length > 2000 && dark.every((v) => v < 250));
  });

  it("gaussianNoise() follows from its seed", () => {
    assert.deepEqual(gaussianNoise(grey, 20, 7), gaussianNoise(grey, 20, 7));
    const [a, b] = [gaussianNoise(grey, 20, 7).data, gaussianNoise(grey, 20, 8).data];
    const both = [...a].map((v, i) => (v - 128) * ((b[i] ?? 0) - 128));
    assert.ok(Math.abs(both.reduce((sum, v) => sum + v, 0) / both.length) < 10);
    assert.deepEqual(gaussianNoise(grey, 0, 7), grey);
  });

  it("gaussianNoise() takes a picture of an odd number of bytes", () => {
    const one = gaussianNoise(
      drawn(1, 1, () => 128),
      20,
      3,
    );
    assert.equal(one.data.length, 3);
  });

  it("uniformBytes() makes each byte equally likely", () => {
    const counts = new Uint32Array(256);
    for (const byte of uniformBytes(256_000, 5)) counts[byte]!++;
    // chi squared of 255 degrees of freedom: mean 255, standard deviation 22.6
    const chi = counts.reduce((sum, n) => sum + (n - 1000) ** 2 / 1000, 0);
    assert.ok(chi > 165 && chi < 345, `${chi}`);
  });

  it("eraseWithNoise() changes the rectangle and nothing else", () => {
    const { data } = eraseWithNoise(grey, { left: 10, top: 20, width: 30, height: 5 }, 3);
    const changed = [...data.keys()].filter((i) => data[i] !== 128).map((i) => Math.floor(i / 3));
    assert.ok(changed.length > 400);
    for (const pixel of changed) {
      const [x, y] = [pixel % 100, Math.floor(pixel / 100)];
      assert.ok(x >= 10 && x < 40 && y >= 20 && y < 25);
    }
  });
});
