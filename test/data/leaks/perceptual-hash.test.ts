import assert from "node:assert/strict";
import sharpPhash from "sharp-phash";
import { hammingDistance } from "../../../toolkit/data/leaks/hamming-index.ts";
import { greyscale, type HashWords, perceptualHash } from "../../../toolkit/data/leaks/perceptual-hash.ts";
import type { Pixels } from "../../../toolkit/images/decoder.ts";
import { resample } from "../../../toolkit/images/resample.ts";
import { picture } from "./picture.ts";

// the package exports the function itself, not as `default`, as its types say
const reference = sharpPhash as unknown as typeof sharpPhash.default;
const hashOf = (pixels: Pixels): HashWords => perceptualHash(greyscale(pixels)).hash;
const mirroredOf = (pixels: Pixels): HashWords => perceptualHash(greyscale(pixels)).mirrored;
const flip = (pixels: Pixels): Pixels => resample(pixels, { ...pixels, flip: true });

describe("data/leaks/perceptual-hash", () => {
  it("perceptualHash() has the bits of sharp-phash", async () => {
    for (let seed = 0; seed < 20; seed++) {
      const grey = greyscale(picture(seed));
      const bits = await reference(grey, { raw: { width: 32, height: 32, channels: 1 } });
      const words = [bits.slice(0, 32), bits.slice(32)].map((half) => Number.parseInt(half, 2));
      assert.deepEqual([...perceptualHash(grey).hash], words, `picture ${seed}`);
    }
  });

  it("perceptualHash() differs in few bits for another size, in about half of them for another picture", () => {
    for (const seed of [1, 2, 3]) {
      const own = hashOf(picture(seed));
      assert.ok(hammingDistance(own, hashOf(resample(picture(seed), { width: 90, height: 60 }))) <= 4);
      assert.ok(hammingDistance(own, hashOf(picture(seed + 10))) >= 16);
    }
  });

  it("perceptualHash() has the hash of the mirrored picture besides", () => {
    for (const seed of [1, 2, 3]) {
      const own = picture(seed);
      assert.ok(hammingDistance(mirroredOf(own), hashOf(flip(own))) <= 1);
      assert.ok(hammingDistance(hashOf(own), mirroredOf(flip(own))) <= 1);
      assert.ok(hammingDistance(hashOf(own), hashOf(flip(own))) >= 16);
    }
  });

  it("perceptualHash() is 0 for a picture of one colour", () => {
    assert.deepEqual(hashOf({ width: 40, height: 40, data: new Uint8Array(4800).fill(90) }), [0, 0]);
  });

  it("greyscale() weighs colours as the eye does", () => {
    const colour = (...rgb: readonly number[]): number | undefined =>
      greyscale({ width: 1, height: 1, data: Uint8Array.from(rgb) })[500];
    assert.deepEqual([colour(255, 0, 0), colour(0, 255, 0), colour(0, 0, 255), colour(9, 9, 9)], [76, 150, 29, 9]);
  });
});
