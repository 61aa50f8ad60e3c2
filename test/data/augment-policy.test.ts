import assert from "node:assert/strict";
import { augMix, mixed, randAugment, trivialAugment } from "../../toolkit/data/augment-policy.ts";
import { applyOperation, wideOperations } from "../../toolkit/data/augment-operation.ts";
import type { Roll } from "../../toolkit/data/augment-step.ts";
import { uniform } from "../../toolkit/graph/random.ts";
import type { Pixels } from "../../toolkit/images/decoder.ts";
import { BLACK } from "../../toolkit/images/augment/colour.ts";
import { drawn, pictures } from "../images/augment/pictures.ts";

const picture = pictures["smooth"] as Pixels;
const how = { interpolation: "nearest", fill: BLACK } as const;

/** Gives these numbers, and fails behind the last. */
function scripted(...numbers: readonly number[]): Roll {
  let i = 0;
  return () => {
    const next = numbers[i++];
    if (next === undefined) throw new Error("too many draws");
    return next;
  };
}

/** A number that chooses index `i` of `count`. */
const at = (i: number, count: number): number => (i + 0.5) / count;

describe("data/augment-policy", () => {
  it("trivialAugment() applies one operation with one of the magnitudes, either way", () => {
    const rotate = wideOperations(31)[5]?.magnitudes[12] ?? Number.NaN;
    assert.equal(rotate, 54);
    const one = trivialAugment(picture, { bins: 31, ...how }, scripted(at(5, 14), at(12, 31), 0.9));
    assert.deepEqual(one, applyOperation("Rotate", picture, 54, how));
    const other = trivialAugment(picture, { bins: 31, ...how }, scripted(at(5, 14), at(12, 31), 0.1));
    assert.deepEqual(other, applyOperation("Rotate", picture, -54, how));
    assert.notDeepEqual(one, other);
  });

  it("randAugment() applies several of the same magnitude", () => {
    const made = randAugment(
      picture,
      { operations: 2, magnitude: 9, bins: 31, ...how },
      scripted(at(10, 14), at(6, 14), 0.9),
    );
    const brighter = 1 + Math.fround(9 * Math.fround(0.9 / 30)) - 1;
    assert.deepEqual(made, applyOperation("Brightness", applyOperation("Posterize", picture, 7, how), brighter, how));
  });

  it("augMix() mixes chains with the picture, in shares that follow from alpha", () => {
    // a picture that AutoContrast makes black and white: its bright half tells how much of the chains is in the mixture
    const faint = drawn(8, 8, (x) => (x < 4 ? 100 : 101));
    const shares: number[] = [];
    for (let sample = 0; sample < 300; sample++) {
      let i = 0;
      const settings = { severity: 1, width: 2, depth: 1, alpha: 500, allOperations: false, ...how };
      const { data } = augMix(faint, settings, () => uniform(sample, 1, i++));
      assert.ok(data.every((level) => level <= 255));
      shares.push((data.at(-1) ?? 0) - (data[0] ?? 0));
    }
    // severity 1 leaves every operation but Posterize, Solarize, AutoContrast and Equalize without effect; a chain has AutoContrast once in nine
    const both = shares.filter((d) => Math.abs(d - 128) < 12).length;
    const one = shares.filter((d) => Math.abs(d - 64) < 12).length;
    assert.ok(both >= 1 && both < 16, `${both}`);
    assert.ok(one > 30 && one < 100, `${one}`);
  });

  it("mixed() weighs the pictures", () => {
    const [black, grey, white] = [0, 100, 200].map((level) => drawn(2, 2, () => level)) as [Pixels, Pixels, Pixels];
    assert.equal(mixed([black, grey, white], [0.5, 0.25, 0.25]).data[0], 75);
    assert.equal(mixed([white, grey], [1, 0]).data[0], 200);
  });
});
