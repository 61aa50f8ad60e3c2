import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readDataset } from "../../toolkit/data/dataset.ts";
import { hashFile } from "../../toolkit/data/hash.ts";
import type { FineTuneEvent, FineTuneResult } from "../../toolkit/fine-tune/events.ts";
import { fineTune } from "../../toolkit/fine-tune/fine-tune.ts";
import { augmentationOf, settlePictures } from "../../toolkit/fine-tune/picture-settings.ts";
import { plainSettings, settle } from "../../toolkit/fine-tune/settings.ts";
import type { FineTuneSettings } from "../../toolkit/fine-tune/settings.ts";
import { sharpDecoder } from "../../toolkit/images/sharp.ts";
import { readModelFile } from "../../toolkit/onnx/read-file.ts";
import { fixture } from "../support/fixtures.ts";
import { directRuntime } from "../support/run-graph.ts";
import { writeToyPhotos } from "../support/toy-photos.ts";

const BASE: FineTuneSettings = {
  mode: "full",
  sizePx: 32,
  batchSize: 8,
  epochs: 4,
  rate: 0.02,
  seed: 3,
  threads: 1,
  batchNorm: "batch",
};

describe("fine-tune/picture-settings", () => {
  it("settlePictures() leaves what nobody asked for away, so that earlier runs can be resumed", () => {
    assert.deepEqual(settlePictures({}), { augment: true, cropScale: 0.08 });
    assert.deepEqual(augmentationOf(settlePictures({})), { minArea: 0.08 });
    assert.equal(augmentationOf(settlePictures({ augment: false })), null);
    const named = Object.keys(plainSettings(settle({}, 32)));
    assert.ok(!named.includes("augmentation") && !named.includes("mix"));
  });

  it("settlePictures() reads an augmentation as a text or as settings", () => {
    const text = settlePictures({ augment: "padded-crop+rotate:degrees=10", cropScale: 0.5 });
    const steps = [{ name: "rotate", degrees: 10 }] as const;
    assert.deepEqual(text.augmentation, { crop: "padded", steps });
    assert.deepEqual(augmentationOf(text), { minArea: 0.5, crop: "padded", steps });
    assert.deepEqual(settlePictures({ augment: { steps } }).augmentation, { steps });
    assert.match(String(plainSettings(settle({ augment: { steps } }, 32))["augmentation"]), /"degrees":10/);
  });

  it("settle() refuses augmentations and mixtures that cannot be meant", () => {
    const refused = (settings: FineTuneSettings, message: RegExp): void =>
      assert.throws(() => settle(settings, 32), { code: "E_SETTING", message });
    refused({ augment: "rotat:degrees=10" }, /"rotat"/);
    refused({ mixup: -1 }, /mixupAlpha -1/);
    refused({ mixup: 0.2, mixProbability: 2 }, /mixProbability 2/);
  });

  describe("in a run", () => {
    let folder = "";
    before(async () => {
      folder = await mkdtemp(join(tmpdir(), "onnx-graft-pictures-"));
      await writeToyPhotos(folder);
    });
    after(() => rm(folder, { recursive: true }));

    async function train(settings: FineTuneSettings): Promise<{ losses: readonly number[]; result: FineTuneResult }> {
      const run = fineTune({
        ...BASE,
        ...settings,
        source: { model: await readModelFile(fixture("resnet18-width8/bn.onnx")), name: "bn", sha256: "01" },
        dataset: await readDataset(folder, { seed: 1 }),
        platform: { runtime: directRuntime, decoder: sharpDecoder(), hashFile },
      });
      const events: FineTuneEvent[] = [];
      for await (const event of run) events.push(event);
      const losses = events.flatMap((e) => (e.kind === "step" ? [e.loss] : []));
      return { losses, result: await run.result };
    }

    it("mixes batches: other losses, the same ones again, and a network that has learnt", async () => {
      const plain = await train({});
      const mixed = await train({ mixup: 0.4, cutmix: 1, epochs: 10 });
      const again = await train({ mixup: 0.4, cutmix: 1, epochs: 10 });
      assert.notDeepEqual(mixed.losses.slice(0, plain.losses.length), plain.losses);
      assert.deepEqual(again.losses, mixed.losses);
      assert.ok((mixed.result.evaluation?.top1 ?? 0) >= 0.75, `accuracy ${mixed.result.evaluation?.top1}`);
    });

    it("augments as the settings say", async () => {
      const plain = await train({ epochs: 1 });
      const turned = await train({ epochs: 1, augment: "rotate:degrees=30+color-jitter:brightness=0.2" });
      assert.notDeepEqual(turned.losses, plain.losses);
    });
  });
});
