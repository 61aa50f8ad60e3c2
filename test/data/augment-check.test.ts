import assert from "node:assert/strict";
import type { AugmentSettings } from "../../toolkit/data/augment.ts";
import { stepDefaults, stepNames } from "../../toolkit/data/augment-apply.ts";
import { checkAugmentation } from "../../toolkit/data/augment-check.ts";

const refused: readonly (readonly [string, unknown, RegExp, string?])[] = [
  ["an unknown setting", { minimumArea: 1 }, /the setting "minimumArea": expected one of minArea, maxArea, /],
  ["a misspelt setting", { minAraa: 1 }, /"minAraa"/, 'did you mean "minArea"?'],
  ["an area of 0", { minArea: 0 }, /minArea 0: expected a number above 0, up to 1/],
  ["an area above 1", { maxArea: 1.1 }, /maxArea 1.1: expected/],
  [
    "a smallest area above the largest",
    { minArea: 0.5, maxArea: 0.4 },
    /minArea 0.5: expected maxArea, which is 0.4, or less/,
  ],
  ["a ratio above the largest that holds by default", { minRatio: 2 }, /minRatio 2: expected maxRatio, which is 1.33/],
  ["a probability above 1", { flipProbability: 2 }, /flipProbability 2: expected a number from 0 to 1/],
  ["another crop", { crop: "centre" }, /crop "centre": expected one of resized, padded, none/],
  ["half a pixel", { padding: 1.5 }, /padding 1.5: expected a whole number of 0 or more/],
  ["steps that are no list", { steps: "rotate" }, /steps "rotate": expected a list of steps/],
  ["a step that is no object", { steps: ["rotate"] }, /step 1, "rotate": expected an object with a name/],
  ["null as a step", { steps: [null] }, /step 1, null: expected an object with a name/],
  ["an unknown step", { steps: [{ name: "blurr" }] }, /step 1, "blurr": expected one of/, 'did you mean "blur"?'],
  ["a step called as an object's own method", { steps: [{ name: "toString" }] }, /"toString": expected one of/],
  [
    "a setting of another step",
    { steps: [{ name: "rotate", bits: 3 }] },
    /rotate the setting "bits": expected one of probability, degrees, /,
  ],
  ["a misspelt setting of a step", { steps: [{ name: "rotate", degree: 3 }] }, /"degree"/, 'did you mean "degrees"?'],
  [
    "too large an angle",
    { steps: [{ name: "rotate", degrees: 500 }] },
    /rotate: degrees 500: expected a number from 0 to 180/,
  ],
  ["a number as text", { steps: [{ name: "rotate", degrees: "15" }] }, /degrees "15": expected a number/],
  [
    "a colour of two levels",
    { steps: [{ name: "rotate", fill: [1, 2] }] },
    /fill \[1,2\]: expected a level from 0 to 255, or three/,
  ],
  ["a level above 255", { steps: [{ name: "cutout", fill: [1, 2, 256] }] }, /fill \[1,2,256\]/],
  [
    "another interpolation",
    { steps: [{ name: "affine", interpolation: "cubic" }] },
    /expected one of nearest, bilinear/,
  ],
  ["a number for yes or no", { steps: [{ name: "erase", noise: 1 }] }, /noise 1: expected true or false/],
  [
    "a smallest scale above the largest",
    { steps: [{ name: "affine", minScale: 1.2 }] },
    /affine: minScale 1.2: expected maxScale, which is 1.1/,
  ],
  [
    "a magnitude that is no bin",
    { steps: [{ name: "rand-augment", magnitude: 31 }] },
    /magnitude 31: expected a number below the 31 bins/,
  ],
  [
    "half an operation",
    { steps: [{ name: "rand-augment", operations: 1.5 }] },
    /operations 1.5: expected a whole number from 1 to 100/,
  ],
  ["too many bits", { steps: [{ name: "posterize", bits: 9 }] }, /bits 9: expected a whole number from 1 to 8/],
];

describe("data/augment-check", () => {
  for (const [what, settings, message, hint] of refused) {
    it(`checkAugmentation() refuses ${what}`, () => {
      assert.throws(() => checkAugmentation(settings as AugmentSettings), {
        code: "E_SETTING",
        message,
        ...(hint === undefined ? {} : { hint }),
      });
    });
  }

  it("checkAugmentation() takes every step with what it takes by default", () => {
    checkAugmentation({ steps: stepNames.map((name) => Object.assign({ name }, stepDefaults(name))) });
    checkAugmentation({ crop: "padded", padding: 0, flipProbability: 0, steps: [] });
    checkAugmentation({});
  });
});
