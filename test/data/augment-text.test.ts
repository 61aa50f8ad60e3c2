import assert from "node:assert/strict";
import type { AugmentSettings } from "../../toolkit/data/augment.ts";
import { parseAugmentation } from "../../toolkit/data/augment-text.ts";

const read: readonly (readonly [string, AugmentSettings])[] = [
  ["trivial-augment", { steps: [{ name: "trivial-augment" }] }],
  [
    "rotate:degrees=15,probability=0.5+color-jitter:brightness=.2+trivial-augment",
    {
      steps: [
        { name: "rotate", degrees: 15, probability: 0.5 },
        { name: "color-jitter", brightness: 0.2 },
        { name: "trivial-augment" },
      ],
    },
  ],
  [
    "padded-crop:padding=4 + flip-horizontal:probability=0 + cutout:side=0.5,fill=128",
    { crop: "padded", padding: 4, flipProbability: 0, steps: [{ name: "cutout", side: 0.5, fill: 128 }] },
  ],
  ["resized-crop:minArea=0.3", { crop: "resized", minArea: 0.3 }],
  ["no-crop+flip-horizontal", { crop: "none", flipProbability: 0.5 }],
  ["none", { crop: "none", flipProbability: 0 }],
  [
    "rotate:fill=255+0+16,interpolation=nearest+erase:noise=true",
    {
      steps: [
        { name: "rotate", fill: [255, 0, 16], interpolation: "nearest" },
        { name: "erase", noise: true },
      ],
    },
  ],
  ["blur+blur", { steps: [{ name: "blur" }, { name: "blur" }] }],
];

const refused: readonly (readonly [string, RegExp, string?])[] = [
  ["rotat", /"rotat": expected one of/, 'did you mean "rotate"?'],
  ["padded", /"padded": expected one of/, 'did you mean "padded-crop"?'],
  ["rotate:degree=3", /"degree"/, 'did you mean "degrees"?'],
  ["rotate:degrees=500", /degrees 500: expected a number from 0 to 180/],
  ["rotate:degrees", /"rotate:degrees": expected NAME or NAME:KEY=VALUE/],
  ["rotate:", /"rotate:": expected NAME or NAME:KEY=VALUE/],
  ["rotate:name=blur", /expected NAME or NAME:KEY=VALUE/],
  ["rotate++blur", /"": expected NAME/],
  ["", /"": expected NAME/],
  [":degrees=3", /expected NAME/],
  ["5", /"5": expected one of/],
  ["rotate+none", /"none": expected one of/],
  ["padded-crop:margin=3", /the setting "margin": expected one of/],
  ["flip-horizontal:side=3", /flip-horizontal the setting "side": expected one of probability/],
  ["flip-horizontal:probability=3", /flipProbability 3/],
  ["__proto__", /"__proto__": expected one of/],
];

describe("data/augment-text", () => {
  for (const [text, settings] of read) {
    it(`parseAugmentation() reads "${text}"`, () => assert.deepEqual(parseAugmentation(text), settings));
  }
  for (const [text, message, hint] of refused) {
    it(`parseAugmentation() refuses "${text}"`, () => {
      assert.throws(() => parseAugmentation(text), {
        code: "E_SETTING",
        message,
        ...(hint === undefined ? {} : { hint }),
      });
    });
  }
});
