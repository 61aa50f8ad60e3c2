import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import type { Dataset } from "../../toolkit/data/dataset.ts";
import { hashFile } from "../../toolkit/data/hash.ts";
import type { Sample } from "../../toolkit/data/sample.ts";
import { readMetadata } from "../../toolkit/export/metadata.ts";
import type { SourceModel } from "../../toolkit/export/source-model.ts";
import type { FineTuneResult } from "../../toolkit/fine-tune/events.ts";
import { fineTune } from "../../toolkit/fine-tune/fine-tune.ts";
import type { Platform } from "../../toolkit/fine-tune/platform.ts";
import type { FineTuneSettings } from "../../toolkit/fine-tune/settings.ts";
import { uniform } from "../../toolkit/graph/random.ts";
import { sharpDecoder } from "../../toolkit/images/sharp.ts";
import { openTagger } from "../../toolkit/label/tagger.ts";
import { decodeModel } from "../../toolkit/onnx/decode.ts";
import { readModelFile } from "../../toolkit/onnx/read-file.ts";
import { openCheckpoints } from "../../toolkit/train/checkpoint-folder.ts";
import { fixture } from "../support/fixtures.ts";
import { directRuntime } from "../support/run-graph.ts";

const CLASSES = ["blue", "green", "red"];
const COLOURS = [
  [40, 60, 220],
  [40, 200, 60],
  [220, 50, 40],
] as const;
const SIZE = 32;
const SMALL: FineTuneSettings = { sizePx: SIZE, resizePx: SIZE, batchSize: 8, seed: 3, threads: 1 };

describe("fine-tune: photos of several labels", () => {
  let folder = "";
  let dataset: Dataset;
  let source: SourceModel;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "onnx-graft-several-"));
    source = { model: await readModelFile(fixture("resnet18-width8/bn.onnx")), name: "bn", sha256: "01" };
    const all: Sample[] = [];
    for (let i = 0; i < 48; i++) all.push(await draw(i));
    dataset = {
      classes: CLASSES,
      train: all.slice(0, 32),
      validation: all.slice(32),
      bad: [],
      isMultiLabel: true,
    };
  });
  after(() => rm(folder, { recursive: true }));

  /** Stripes of every colour that it is labelled with, on grey: none, one, two or all. */
  async function draw(i: number): Promise<Sample> {
    const labels = [0, 1, 2].filter((k) => ((i >> k) & 1) === 1);
    const data = Uint8Array.from({ length: SIZE * SIZE * 3 }, (_, at) => {
      const stripe = Math.floor(Math.floor(at / 3 / SIZE) / 10.7);
      const colour = labels.includes(stripe) ? COLOURS[stripe] : undefined;
      return (colour?.[at % 3] ?? 120) + Math.floor(30 * uniform(i, 1, at));
    });
    const path = join(folder, `${i}.png`);
    await sharp(data, { raw: { width: SIZE, height: SIZE, channels: 3 } })
      .png()
      .toFile(path);
    return { path, id: `${i}.png`, label: labels[0] ?? -1, labels };
  }

  async function train(settings: FineTuneSettings, platform: Partial<Platform> = {}): Promise<FineTuneResult> {
    const run = fineTune({
      ...SMALL,
      augment: false,
      ...settings,
      source,
      dataset,
      platform: { runtime: directRuntime, decoder: sharpDecoder(), hashFile, ...platform },
    });
    return run.result;
  }

  for (const [mode, rate] of [
    ["frozen", 0.05],
    ["full", 0.05],
    ["partial", 0.05],
  ] as const) {
    it(`learns them in mode ${mode}, and exports probabilities of their own with a threshold for each`, async () => {
      const { evaluation, model, parity } = await train({ mode, epochs: 25, rate, batchNorm: "batch" });
      assert.ok((evaluation?.several?.meanAveragePrecision ?? 0) > 0.9, `${evaluation?.several?.meanAveragePrecision}`);
      assert.ok(evaluation && evaluation.loss < 0.5, `loss ${evaluation?.loss}`);
      assert.ok(parity && parity.largestDifference < 1e-4);
      const decoded = decodeModel(model ?? assert.fail("expected an export"));
      const metadata = readMetadata(decoded);
      assert.equal(metadata?.activation, "sigmoid");
      assert.deepEqual(
        metadata?.thresholds,
        evaluation?.several?.perClass.map((c) => c.threshold),
      );
      assert.ok(decoded.graph.nodes.some((node) => node.op === "Sigmoid"));
    });
  }

  it("labels with as many labels as reach their thresholds", async () => {
    const { model, evaluation } = await train({ mode: "frozen", epochs: 25, rate: 0.05 });
    const exported = { model: decodeModel(model ?? assert.fail()), name: "several", sha256: "02" };
    const tagger = await openTagger({ source: exported, runtime: directRuntime, decoder: sharpDecoder() });
    try {
      const thresholds = evaluation?.several?.perClass.map((c) => c.threshold) ?? [];
      for (const [row, sample] of dataset.validation.entries()) {
        const { labels } = await tagger.label(sample.path);
        const expected = CLASSES.filter(
          (_, k) => (evaluation?.probabilities[row * 3 + k] ?? 0) >= (thresholds[k] ?? 1),
        );
        assert.deepEqual(labels.map((l) => l.label).toSorted(), expected);
        // whoever says from where on labels count gets those
        const all = await tagger.label(sample.path, { minWeight: 0 });
        assert.equal(all.labels.length, 3);
      }
    } finally {
      await tagger.close();
    }
  });

  it("resumes with the measures of several labels", async () => {
    const settings: FineTuneSettings = { mode: "full", epochs: 3, rate: 0.02, batchNorm: "frozen", keep: "best" };
    const whole = await train(settings);
    const place = join(folder, "run");
    const stopped = new AbortController();
    const run = fineTune({
      ...SMALL,
      ...settings,
      augment: false,
      source,
      dataset,
      platform: {
        runtime: directRuntime,
        decoder: sharpDecoder(),
        hashFile,
        checkpoints: await openCheckpoints(place),
      },
      signal: stopped.signal,
    });
    for await (const event of run) if (event.kind === "epoch" && event.epoch === 2) stopped.abort();
    const { evaluation } = await fineTune({
      ...SMALL,
      ...settings,
      augment: false,
      source,
      dataset,
      platform: {
        runtime: directRuntime,
        decoder: sharpDecoder(),
        hashFile,
        checkpoints: await openCheckpoints(place),
      },
      resume: true,
    }).result;
    assert.deepEqual(evaluation, whole.evaluation);
  });

  it("refuses losses that know one class a photo", async () => {
    await assert.rejects(train({ mode: "frozen", loss: "cross-entropy" }), {
      code: "E_SETTING",
      message: /several labels/,
    });
  });
});
