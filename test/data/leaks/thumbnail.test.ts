import assert from "node:assert/strict";
import { greyscale } from "../../../toolkit/data/leaks/perceptual-hash.ts";
import { correlation, isFlat, thumbnailOf } from "../../../toolkit/data/leaks/thumbnail.ts";
import { resample } from "../../../toolkit/images/resample.ts";
import { picture } from "./picture.ts";

const plain = { mirrored: false };

describe("data/leaks/thumbnail", () => {
  it("thumbnailOf() has the means of squares of four pixels", () => {
    const grey = Uint8Array.from({ length: 1024 }, (_, i) => (i % 32) + Math.floor(i / 32));
    const thumbnail = thumbnailOf(grey);
    assert.equal(thumbnail.length, 256);
    assert.deepEqual([thumbnail[0], thumbnail[1], thumbnail[16], thumbnail[255]], [1, 3, 3, 61]);
  });

  it("correlation() asks for neither brightness nor contrast, and turns the second round", () => {
    const own = thumbnailOf(greyscale(picture(1)));
    const darker = own.map((value) => 20 + Math.round(0.5 * value));
    const turned = thumbnailOf(greyscale(resample(picture(1), { width: 150, height: 100, flip: true })));
    assert.ok(correlation(own, darker, plain) > 0.999);
    assert.ok(correlation(own, turned, { mirrored: true }) > 0.999);
    assert.ok(correlation(own, turned, plain) < 0.8);
    assert.ok(
      Math.abs(
        correlation(
          own,
          own.map((value) => 255 - value),
          plain,
        ) + 1,
      ) < 1e-9,
    );
  });

  it("isFlat() tells pictures of one colour", () => {
    assert.ok(isFlat(new Uint8Array(256).fill(90)));
    assert.ok(isFlat(Uint8Array.from({ length: 256 }, (_, i) => 90 + (i % 4))));
    assert.ok(!isFlat(Uint8Array.from({ length: 256 }, (_, i) => 90 + (i % 16))));
    assert.ok(!isFlat(thumbnailOf(greyscale(picture(1)))));
  });
});
