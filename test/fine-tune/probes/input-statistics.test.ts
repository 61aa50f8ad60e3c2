import assert from "node:assert/strict";
import { inputStatistics, judgeInputs, pixelStatistics } from "../../../toolkit/fine-tune/probes/input-statistics.ts";
import { fillNormal, uniform } from "../../../toolkit/graph/random.ts";
import type { TensorData } from "../../../toolkit/graph/tensor.ts";
import { imagenetNormalisation, toInput } from "../../../toolkit/images/to-input.ts";
import type { Normalisation } from "../../../toolkit/images/to-input.ts";

const SIDE = 12;
const ROWS = 3;

/** Photos [N,H,W,3] whose values spread around the middle. */
function photos(low = 0, high = 255): TensorData {
  const data = Uint8Array.from({ length: ROWS * SIDE * SIDE * 3 }, (_, i) => low + (high - low) * uniform(1, 2, i));
  return { dtype: "uint8", shape: [ROWS, SIDE, SIDE, 3], data };
}

function asInput(pixels: TensorData, normalisation: Normalisation): TensorData {
  const picture = { width: SIDE, height: SIDE * ROWS, data: pixels.data as Uint8Array };
  return { dtype: "float32", shape: [ROWS, 3, SIDE, SIDE], data: toInput(picture, ROWS, normalisation) };
}

const judge = (pixels: TensorData, normalisation = imagenetNormalisation): string => {
  const { status, hint = "" } = judgeInputs(pixelStatistics(pixels, normalisation), normalisation);
  return `${status} ${hint}`;
};

describe("fine-tune/probes/input-statistics", () => {
  it("inputStatistics() and pixelStatistics() agree on what a network sees", () => {
    const pixels = photos();
    const seen = inputStatistics(asInput(pixels, imagenetNormalisation), ROWS);
    for (const [i, channel] of pixelStatistics(pixels, imagenetNormalisation).entries()) {
      for (const key of ["mean", "deviation", "least", "largest"] as const)
        assert.ok(Math.abs(channel[key] - (seen[i]?.[key] ?? Number.NaN)) < 1e-4, `${key} of channel ${i}`);
    }
  });

  it("inputStatistics() finds mean and deviation of each channel, over the rows that are samples", () => {
    const data = new Float32Array(2 * 3 * 100);
    for (const c of [0, 1, 2]) data.set(fillNormal(100, 5, c, c, 0.5 + c), c * 100);
    // a row that only fills the batch
    data.fill(99, 300);
    const found = inputStatistics({ dtype: "float32", shape: [2, 3, 10, 10], data }, 1);
    for (const [c, { mean, deviation }] of found.entries()) {
      assert.ok(Math.abs(mean - c) < 0.6, `mean ${mean}`);
      assert.ok(Math.abs(deviation / (0.5 + c) - 1) < 0.2, `deviation ${deviation}`);
    }
  });

  it("judgeInputs() is content with photos and the statistics of ImageNet, also those of half and half", () => {
    assert.equal(judge(photos()), "ok ");
    assert.equal(judge(photos(), { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] }), "ok ");
  });

  it("judgeInputs() is content with a network that takes values up to 255", () => {
    assert.equal(judge(photos(), { mean: [0, 0, 0], std: [1 / 255, 1 / 255, 1 / 255] }), "ok ");
  });

  it("judgeInputs() sees statistics in units of 0..255", () => {
    assert.match(
      judge(photos(), { mean: [123.7, 116.3, 103.5], std: [58.4, 57.1, 57.4] }),
      /^warning .* units of 0\.\.1/,
    );
    assert.match(
      judge(photos(), { mean: [0.485, 0.456, 0.406], std: [58.4, 57.1, 57.4] }),
      /^warning .* units of 0\.\.1/,
    );
  });

  it("judgeInputs() sees pictures without anything on them, and very dark ones", () => {
    assert.match(judge(photos(128, 130)), /^warning the pictures are of one colour/);
    assert.match(judge(photos(0, 24)), /^warning they are far from 0/);
  });

  it("judgeInputs() fails on values that are no number", () => {
    const statistics = inputStatistics(
      { dtype: "float32", shape: [1, 1, 1, 2], data: Float32Array.of(1, Number.NaN) },
      1,
    );
    assert.equal(judgeInputs(statistics, imagenetNormalisation).status, "failed");
    assert.match(judge(photos(), { mean: [0, 0, 0], std: [0, 0, 0] }), /^failed/);
  });
});
