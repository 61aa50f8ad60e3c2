import assert from "node:assert/strict";
import { row } from "./row.ts";
import type { Measured } from "./row.ts";

const measured: Measured = {
  ours: [0.5, 0.4, 0.4, 0.3, 0.4, 9],
  default: [1, 0.8, 0.8],
  channelsLast: [0.5, 0.5, 3],
  oursPeakMb: 300,
  peakMb: { default: 500, channelsLast: 600 },
};
const alone: Measured = {
  ...measured,
  default: [],
  channelsLast: [],
  peakMb: { default: null, channelsLast: null },
};
describe("bench/row", () => {
  it("row gives items per second of the medians, which one slow run does not move", () => {
    const result = row("full", "img/s", 16, measured);
    assert.equal(result.ours, 40);
    assert.equal(result.default, 20);
    assert.equal(result.channelsLast, 32);
  });

  it("row compares with the better form and with the default one, and takes the better form's memory", () => {
    const result = row("full", "img/s", 16, measured);
    assert.deepEqual([result.form, result.peer, result.ratio, result.ratioDefault], ["channelsLast", 32, 1.25, 2]);
    assert.deepEqual([result.oursPeakMb, result.peerPeakMb], [300, 600]);
    const swapped = { ...measured, default: measured.channelsLast, channelsLast: measured.default };
    const other = row("full", "img/s", 16, swapped);
    assert.deepEqual([other.form, other.ratio, other.peerPeakMb], ["default", 1.25, 500]);
  });

  it("row's spread is half the distance between the quartiles over the median", () => {
    const { spread } = row("full", "img/s", 16, { ...measured, ours: [1, 2, 3, 4, 5] });
    assert.equal(spread, 1 / 3);
    assert.equal(row("full", "img/s", 16, { ...measured, ours: [2, 2, 2] }).spread, 0);
  });

  it("row takes the middle between the two middle runs", () => {
    assert.equal(row("full", "img/s", 3, { ...measured, ours: [1, 2] }).ours, 2);
  });

  it("row has nothing but our own figures without a peer", () => {
    assert.deepEqual(row("full", "img/s", 16, { ...alone, ours: [0.4] }), {
      name: "full",
      unit: "img/s",
      ours: 40,
      default: null,
      channelsLast: null,
      peer: null,
      form: null,
      ratio: null,
      ratioDefault: null,
      spread: 0,
      oursPeakMb: 300,
      peerPeakMb: null,
    });
  });
});
