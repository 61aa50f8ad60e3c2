import assert from "node:assert/strict";
import { sampleDraw } from "../../toolkit/data/augment.ts";
import { applySteps, stepDefaults, stepNames } from "../../toolkit/data/augment-apply.ts";
import type { AugmentStep, StepName } from "../../toolkit/data/augment-step.ts";
import type { Pixels } from "../../toolkit/images/decoder.ts";
import { drawn, pictures } from "../images/augment/pictures.ts";

const picture = pictures["smooth"] as Pixels;
const white = drawn(20, 10, () => 255);

const after = (sample: number, ...steps: readonly AugmentStep[]): Pixels =>
  applySteps(picture, steps, sampleDraw(5, 2, sample));
/** The step for certain, with whatever it needs to do something. */
const certain = (name: StepName): AugmentStep => ({
  name,
  probability: 1,
  ...(name === "color-jitter" ? { brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1 } : {}),
});
const samples = Array.from({ length: 400 }, (_, i) => i);
const bytes = ({ data }: Pixels): string => Buffer.from(data).toString("base64");
const results = (step: AugmentStep): readonly string[] => samples.slice(0, 60).map((i) => bytes(after(i, step)));

/** Steps that leave the picture as it is for some draws. */
const mayDoNothing = new Set<StepName>(["rand-augment", "trivial-augment", "sharpness", "blur"]);
const withoutDraws = new Set<StepName>([
  "flip-horizontal",
  "flip-vertical",
  "grayscale",
  "posterize",
  "solarize",
  "equalize",
  "autocontrast",
  "invert",
]);

describe("data/augment-apply", () => {
  for (const name of stepNames) {
    it(`applySteps() does ${name}, and the same again for the same seed, epoch and sample`, () => {
      const found = results(certain(name));
      assert.deepEqual(results(certain(name)), found);
      const changed = found.filter((b) => b !== bytes(picture)).length;
      assert.ok(mayDoNothing.has(name) ? changed >= 45 : changed === 60, `${changed} of 60 changed`);
      const different = new Set(found).size;
      if (withoutDraws.has(name)) assert.equal(different, 1);
      else assert.ok(different > 25, `${different} of 60 are different`);
    });

    it(`applySteps() keeps the size of pictures of any size with ${name}`, () => {
      for (const [width, height] of [
        [1, 1],
        [2, 1],
        [1, 7],
        [3, 3],
        [40, 11],
      ] as const) {
        const small = drawn(width, height, (x, y, c) => (x * 50 + y * 31 + c * 70) % 256);
        for (let sample = 0; sample < 12; sample++) {
          const made = applySteps(small, [certain(name)], sampleDraw(1, 1, sample));
          assert.deepEqual([made.width, made.height, made.data.length], [width, height, width * height * 3]);
        }
      }
    });
  }

  it("applySteps() does a step as often as its probability says", () => {
    const count = (step: AugmentStep): number => samples.filter((i) => bytes(after(i, step)) !== bytes(picture)).length;
    assert.equal(count({ name: "invert", probability: 0 }), 0);
    assert.equal(count({ name: "invert", probability: 1 }), 400);
    // four standard deviations
    assert.ok(Math.abs(count({ name: "invert", probability: 0.3 }) - 120) < 37);
    assert.ok(Math.abs(count({ name: "invert" }) - 200) < 40, "0.5 where absent");
    assert.ok(Math.abs(count({ name: "grayscale" }) - 40) < 24, "0.1 where absent");
  });

  it("applySteps() decides each step on its own", () => {
    const half = (name: StepName): AugmentStep => ({ name, probability: 0.5 });
    const both = samples.filter((i) => {
      const [a, b] = [after(i, half("invert")), after(i, certain("grayscale"), half("flip-vertical"))];
      return bytes(a) !== bytes(picture) && bytes(b) !== bytes(after(i, certain("grayscale")));
    });
    assert.ok(Math.abs(both.length - 100) < 35, `${both.length}`);
  });

  it("applySteps() goes from first to last, and a step behind changes nothing of those before it", () => {
    const first = certain("rotate");
    const together = after(3, first, certain("invert"));
    assert.deepEqual(together, applySteps(after(3, first), [certain("invert")], sampleDraw(5, 2, 3)));
    assert.notDeepEqual(
      after(3, certain("solarize"), certain("grayscale")),
      after(3, certain("grayscale"), certain("solarize")),
    );
  });

  it("applySteps() leaves the picture that it is given alone", () => {
    const before = picture.data.slice();
    for (const name of stepNames) for (let sample = 0; sample < 5; sample++) after(sample, certain(name));
    assert.deepEqual(picture.data, before);
  });

  it("applySteps() names the step that there is none of, and the nearest", () => {
    const wrong = [{ name: "trivial-augmnt" }] as unknown as readonly AugmentStep[];
    assert.throws(() => applySteps(picture, wrong, sampleDraw(0, 0, 0)), {
      code: "E_SETTING",
      message: /step "trivial-augmnt": expected one of flip-horizontal, /,
      hint: 'did you mean "trivial-augment"?',
    });
  });

  it("cutout covers a square around any pixel, cut off at the border", () => {
    const shares = samples.map((i) => {
      const { data } = applySteps(white, [{ name: "cutout", side: 0.6 }], sampleDraw(1, 0, i));
      return data.filter((v) => v === 0).length / 3;
    });
    assert.equal(Math.max(...shares), 36);
    assert.ok(Math.min(...shares) >= 9 && Math.min(...shares) < 16);
  });

  it("erase covers as much as its range of areas says, in its colour", () => {
    const step: AugmentStep = { name: "erase", probability: 1, minArea: 0.1, maxArea: 0.3, fill: [1, 2, 3] };
    const shares = samples.map((i) => {
      const { data } = after(i, step);
      let covered = 0;
      for (let p = 0; p < data.length; p += 3) if (data[p] === 1 && data[p + 1] === 2 && data[p + 2] === 3) covered++;
      return covered / (48 * 40);
    });
    const erased = shares.filter((share) => share > 0);
    assert.ok(erased.length > 390);
    // whole pixels
    assert.ok(
      Math.min(...erased) > 0.085 && Math.max(...erased) < 0.32,
      `${Math.min(...erased)} ${Math.max(...erased)}`,
    );
    const mean = erased.reduce((sum, share) => sum + share, 0) / erased.length;
    assert.ok(Math.abs(mean - 0.2) < 0.015, `${mean}`);
  });

  it("rotate fills what nothing is left for with the colour that is asked for", () => {
    const turned = applySteps(white, [{ name: "rotate", degrees: 45, fill: 77 }], sampleDraw(1, 0, 4));
    assert.deepEqual([...turned.data.subarray(0, 3)], [77, 77, 77]);
  });

  it("color-jitter draws factors around 1, as far from it as told", () => {
    const grey = drawn(1, 1, () => 100);
    const levels = samples.map(
      (i) => applySteps(grey, [{ name: "color-jitter", brightness: 0.4 }], sampleDraw(1, 0, i)).data[0] ?? 0,
    );
    const [least, most] = [Math.min(...levels), Math.max(...levels)];
    assert.ok(least >= 60 && least < 63 && most <= 140 && most > 136, `${least} to ${most}`);
    const mean = levels.reduce((sum, v) => sum + v, 0) / levels.length;
    assert.ok(Math.abs(mean - 99.5) < 5, `${mean}`);
  });

  it("stepDefaults() says what a step takes", () => {
    assert.deepEqual(stepDefaults("posterize"), { probability: 0.5, bits: 4 });
    assert.deepEqual(Object.keys(stepDefaults("rotate")), ["probability", "degrees", "interpolation", "fill"]);
  });
});
