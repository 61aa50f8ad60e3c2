import assert from "node:assert/strict";
import { float32Row, row, tfjsRow, withRow } from "./row.ts";
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

  it("withRow puts a row instead of the one of its name, in the order of the names", () => {
    const made = (name: string, ours: number): ReturnType<typeof row> =>
      row(name, "img/s", 1, { ...alone, ours: [ours] });
    const [a, b, c] = [made("a", 1), made("b", 1), made("c", 1)];
    assert.deepEqual(withRow([a, c], b, ["a", "b", "c"]), [a, b, c]);
    const again = made("a", 2);
    assert.deepEqual(withRow([a, c], again, ["c", "a"]), [c, again]);
    assert.deepEqual(withRow([], a, ["a"]), [a]);
  });

  it("tfjsRow gives items per second of the medians of both, and ours divided by the other", () => {
    const about = { tfjs: "4.0.0", backend: "wasm" };
    const block = tfjsRow(8, { about, ours: [0.25, 0.5, 0.75], theirs: [2, 1, 9], peakMb: 50 });
    assert.deepEqual(block, {
      version: "4.0.0",
      backend: "wasm",
      ours: 16,
      tfjs: 4,
      ratio: 4,
      spread: 0.25,
      tfjsPeakMb: 50,
    });
  });

  it("float32Row gives items per second of the medians of both, and 8 bits divided by float32", () => {
    const block = float32Row(8, { about: {}, ours: [0.25, 0.5, 0.75], theirs: [2, 1, 9], peakMb: 50 });
    assert.deepEqual(block, { ours: 16, float32: 4, ratio: 4, spread: 0.25, float32PeakMb: 50 });
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
