import assert from "node:assert/strict";
import { augmentationText } from "../../../cli/config/augmentation-text.ts";
import { parseAugmentation } from "../../../toolkit/data/augment-text.ts";

describe("cli/config/augmentation-text", () => {
  const texts = [
    "trivial-augment",
    "rotate:degrees=15,probability=0.5+trivial-augment",
    "padded-crop:padding=4+flip-horizontal:probability=0",
    "resized-crop:minArea=0.3,maxRatio=2+grayscale:probability=0.1",
    "no-crop",
    "none",
    "rotate:degrees=15,fill=255+0+0",
  ];
  for (const text of texts) {
    it(`writes what "${text}" stands for as a text that stands for the same`, () => {
      const settings = parseAugmentation(text);
      const written = augmentationText({ ...settings }) ?? assert.fail("expected a text");
      assert.deepEqual(parseAugmentation(written), settings);
    });
  }

  it("says nothing of settings that say nothing", () => {
    assert.equal(augmentationText({}), undefined);
  });
});
