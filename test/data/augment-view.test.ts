import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import type { AugmentSettings } from "../../toolkit/data/augment.ts";
import { augmentation, sampleDraw } from "../../toolkit/data/augment.ts";
import { stepNames } from "../../toolkit/data/augment-apply.ts";
import { parseAugmentation } from "../../toolkit/data/augment-text.ts";
import { photoDecoder } from "../../toolkit/data/photo-decoder.ts";
import { viewOf, viewPhoto } from "../../toolkit/data/view.ts";
import type { View } from "../../toolkit/data/view.ts";
import { flipHorizontal } from "../../toolkit/images/augment/flip.ts";
import type { Pixels } from "../../toolkit/images/decoder.ts";
import { evaluationView, resample } from "../../toolkit/images/resample.ts";
import { drawn } from "../images/augment/pictures.ts";

const photo = drawn(90, 60, (x, y, c) => (x * 3 + y * 2 + c * 40) % 256);
const everything: AugmentSettings = {
  steps: stepNames.map((name) => (name === "color-jitter" ? { name, brightness: 0.3, hue: 0.1 } : { name })),
};

const view = (sample: number, settings?: AugmentSettings, sizePx = 32): View => ({
  sizePx,
  crop: { seed: 4, epoch: 3, sample, ...(settings ? { settings } : {}) },
});
const many = Array.from({ length: 40 }, (_, i) => i);
const digest = (pictures: readonly Pixels[]): string => {
  const hash = createHash("sha256");
  for (const { data } of pictures) hash.update(data);
  return hash.digest("hex");
};

describe("data/view, augmented", () => {
  it("viewOf() crops and flips as it did before there were steps", () => {
    const made = many.map((i) => viewOf(photo, view(i)));
    for (const [i, { data }] of made.entries()) {
      const { box, flip } = augmentation(photo, sampleDraw(4, 3, i));
      assert.deepEqual(data, resample(photo, { from: box, width: 32, height: 32, flip }).data);
    }
    assert.equal(digest(made), "76fcaa5e85f114fe59f638ace19f187130febb1f9920e07c476ebd8811487a4d");
  });

  it("viewOf() shows the square of evaluation, mirrored or not, where nothing is cropped", () => {
    const whole = evaluationView(photo, 32, 37);
    const flips = many.filter((i) => {
      const { data } = viewOf(photo, view(i, { crop: "none" }));
      if (!augmentation(photo, sampleDraw(4, 3, i)).flip) {
        assert.deepEqual(data, whole.data);
        return false;
      }
      assert.deepEqual(data, flipHorizontal(whole).data);
      return true;
    });
    assert.ok(flips.length > 10 && flips.length < 30);
    assert.deepEqual(viewOf(photo, view(0, parseAugmentation("none"))), whole);
  });

  it("viewOf() moves the square by up to the padding where it is padded, and each move is equally likely", () => {
    const dot = drawn(32, 32, (x, y) => (x === 16 && y === 16 ? 255 : 0));
    const counts = new Map<string, number>();
    for (let sample = 0; sample < 5000; sample++) {
      const seen: View = { ...view(sample, { crop: "padded", padding: 2, flipProbability: 0 }), resizePx: 32 };
      const at = viewOf(dot, seen).data.indexOf(255) / 3;
      const place = `${(at % 32) - 16},${Math.floor(at / 32) - 16}`;
      counts.set(place, (counts.get(place) ?? 0) + 1);
    }
    assert.equal(counts.size, 25);
    for (const [place, count] of counts) {
      assert.ok(place.split(",").every((d) => Math.abs(Number(d)) <= 2));
      assert.ok(Math.abs(count - 200) < 60, `${place}: ${count}`);
    }
  });

  it("viewOf() pads by an eighth of the square where nothing is said", () => {
    const white = drawn(32, 32, () => 255);
    const rows = many.map((i) => {
      const { data } = viewOf(white, { ...view(i, { crop: "padded" }), resizePx: 32 });
      return Array.from({ length: 32 }, (_, y) => y).filter((y) => data[(y * 32 + 16) * 3] === 0).length;
    });
    assert.equal(Math.max(...rows), 4);
  });

  it("viewOf() gives the same bytes for a view that has been through JSON", () => {
    for (const i of many) {
      const one = view(i, everything);
      assert.deepEqual(viewOf(photo, JSON.parse(JSON.stringify(one)) as View), viewOf(photo, one));
    }
  });

  it("viewOf() makes other pictures of another seed, epoch or sample", () => {
    const crop = { seed: 1, epoch: 2, sample: 3, settings: everything };
    const views = [crop, { ...crop, seed: 9 }, { ...crop, epoch: 9 }, { ...crop, sample: 9 }, crop];
    const seen = views.map((one) => digest([viewOf(photo, { sizePx: 32, crop: one })]));
    assert.equal(new Set(seen).size, 4);
    assert.equal(seen[0], seen[4]);
  });

  it("viewPhoto() makes the same bytes in another process", async function () {
    this.timeout(60_000);
    const folder = mkdtempSync(join(tmpdir(), "graft-augment-"));
    const decoder = photoDecoder({ processes: 1 });
    const here = photoDecoder({ processes: 0 });
    try {
      const path = join(folder, "photo.png");
      await sharp(photo.data, { raw: { width: 90, height: 60, channels: 3 } })
        .png()
        .toFile(path);
      for (const settings of [everything, parseAugmentation("padded-crop:padding=5+aug-mix+noise:probability=1")]) {
        for (const i of many.slice(0, 8)) {
          const [there, own] = await Promise.all([decoder, here].map((d) => viewPhoto(d, path, view(i, settings))));
          assert.ok(there && own);
          assert.deepEqual(Buffer.from(there.data), Buffer.from(own.data));
        }
      }
    } finally {
      await decoder.close();
      await here.close();
      rmSync(folder, { recursive: true });
    }
  });
});
