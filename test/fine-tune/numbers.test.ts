import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mlp } from "../../models/mlp.ts";
import { readDataset } from "../../toolkit/data/dataset.ts";
import type { Dataset } from "../../toolkit/data/dataset.ts";
import type { Sample } from "../../toolkit/data/sample.ts";
import { hashFile } from "../../toolkit/data/hash.ts";
import { errorCode } from "../../toolkit/errors.ts";
import { readMetadata } from "../../toolkit/export/metadata.ts";
import type { SourceModel } from "../../toolkit/export/source-model.ts";
import type { FineTuneResult } from "../../toolkit/fine-tune/events.ts";
import { fineTune } from "../../toolkit/fine-tune/fine-tune.ts";
import type { Platform } from "../../toolkit/fine-tune/platform.ts";
import type { FineTuneSettings } from "../../toolkit/fine-tune/settings.ts";
import { toNumbers } from "../../toolkit/graph/tensor.ts";
import { sharpDecoder } from "../../toolkit/images/sharp.ts";
import { evaluateTagger } from "../../toolkit/label/evaluate-tagger.ts";
import { openTagger } from "../../toolkit/label/tagger.ts";
import type { Tagger } from "../../toolkit/label/tagger.ts";
import { decodeModel } from "../../toolkit/onnx/decode.ts";
import { openCheckpoints } from "../../toolkit/train/checkpoint-folder.ts";
import { DISC_PX, writeDiscPhotos } from "../support/disc-photos.ts";
import type { Disc } from "../support/disc-photos.ts";
import { directRuntime } from "../support/run-graph.ts";

const SMALL: FineTuneSettings = {
  mode: "full",
  sizePx: DISC_PX,
  resizePx: DISC_PX,
  batchSize: 20,
  seed: 3,
  threads: 1,
  augment: false,
  optimizer: "adam",
  rate: 4e-3,
  epochs: 30,
};

describe("fine-tune: numbers and several heads", () => {
  let folder = "";
  let discs: readonly Disc[] = [];
  const source: SourceModel = {
    model: {
      graph: mlp({ classes: 10, sizePx: DISC_PX, hidden: [64] }),
      opsets: new Map([["", 17]]),
      metadata: new Map(),
    },
    name: "mlp",
    sha256: "01",
  };
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "onnx-graft-numbers-"));
    discs = await writeDiscPhotos(folder);
  });
  after(() => rm(folder, { recursive: true }));

  /** Columns of the table, with pictures that need not be decoded in every epoch. */
  async function read(...targets: readonly string[]): Promise<Dataset> {
    const dataset = await readDataset(join(folder, "photos.csv"), { targets });
    const pixels = new Map(discs.map((disc) => [disc.file, disc.pixels]));
    const held = (samples: readonly Sample[]): readonly Sample[] =>
      samples.map((sample) => ({ ...sample, picture: pixels.get(sample.id) ?? assert.fail() }));
    return { ...dataset, train: held(dataset.train), validation: held(dataset.validation) };
  }

  async function train(
    dataset: Dataset,
    settings: FineTuneSettings = {},
    platform: Partial<Platform> = {},
    signal?: AbortSignal,
  ): Promise<FineTuneResult> {
    const run = fineTune({
      ...SMALL,
      ...settings,
      source,
      dataset,
      platform: { runtime: directRuntime, decoder: sharpDecoder(), hashFile, ...platform },
      ...(signal ? { signal, resume: false } : {}),
    });
    return run.result;
  }

  const taggerOf = ({ model }: FineTuneResult): Promise<Tagger> =>
    openTagger({
      source: { model: decodeModel(model ?? assert.fail("expected an export")), name: "discs", sha256: "02" },
      runtime: directRuntime,
      decoder: sharpDecoder(),
    });

  it("learns every column of numbers of a table without labels, and serves them in their own units", async () => {
    const dataset = await read("x", "y");
    const result = await train(dataset);
    const { evaluation, parity, model } = result;
    const { numbers } = evaluation ?? {};
    assert.deepEqual(
      numbers?.columns.map((c) => [c.name, c.count]),
      [
        ["x", 60],
        ["y", 48],
      ],
    );
    for (const { name, r2 } of numbers?.columns ?? []) assert.ok((r2 ?? 0) > 0.9, `${name}: ${r2}`);
    assert.ok(parity && parity.largestDifference < 1e-4 && parity.flips === 0, JSON.stringify(parity));
    const metadata = readMetadata(decodeModel(model ?? assert.fail()));
    assert.deepEqual([metadata?.labels, metadata?.activation, metadata?.training?.top1], [[], "none", undefined]);
    assert.deepEqual(
      metadata?.heads?.map(({ name, task, names }) => [name, task, names]),
      [["numbers", "numbers", ["x", "y"]]],
    );
    const tagger = await taggerOf(result);
    try {
      let squares = 0;
      for (const [row, sample] of dataset.validation.entries()) {
        const { labels, numbers: said } = await tagger.label(sample.path);
        assert.deepEqual(labels, []);
        assert.ok(Math.abs((said?.["x"] ?? 0) - (numbers?.predictions[row * 2] ?? 0)) < 0.1);
        const disc = discs.find(({ file }) => file === sample.id);
        squares += ((said?.["x"] ?? 0) - (disc?.x ?? 0)) ** 2;
      }
      const rmse = Math.sqrt(squares / dataset.validation.length);
      assert.ok(Math.abs(rmse - (numbers?.columns[0]?.rmse ?? 0)) < 0.1, `${rmse}`);
      assert.deepEqual(
        await measured(tagger, dataset),
        numbers?.columns.map(({ rmse: own }) => own.toFixed(1)),
      );
    } finally {
      await tagger.close();
    }
  });

  async function measured(tagger: Tagger, { validation }: Dataset): Promise<readonly string[] | undefined> {
    const run = evaluateTagger(tagger, validation);
    let item = await run.next();
    while (!item.done) item = await run.next();
    return item.value.evaluation.numbers?.columns.map(({ rmse }) => rmse.toFixed(1));
  }

  it("trains heads of labels and of numbers on one backbone, each measured and served by itself", async () => {
    const dataset = await read("side", "tone", "x");
    const result = await train(dataset, {
      heads: [
        { target: "side" },
        { name: "colour", target: "tone", loss: { name: "focal", gamma: 1 } },
        { target: "x", loss: "huber", weight: 2 },
      ],
      patience: 30,
      stopMetric: "rmse",
    });
    const { evaluation, parity, model } = result;
    const [side, colour, place] = evaluation?.heads ?? [];
    assert.deepEqual(
      evaluation?.heads?.map(({ name, task, weight }) => [name, task, weight]),
      [
        ["side", "classes", 1],
        ["colour", "classes", 1],
        ["x", "numbers", 2],
      ],
    );
    assert.ok((side?.evaluation.top1 ?? 0) >= 0.9, `side ${side?.evaluation.top1}`);
    assert.ok((colour?.evaluation.top1 ?? 0) >= 0.9, `colour ${colour?.evaluation.top1}`);
    assert.ok((place?.evaluation.numbers?.r2 ?? 0) > 0.9, `x ${place?.evaluation.numbers?.r2}`);
    assert.ok(parity && parity.largestDifference < 1e-4 && parity.flips === 0, JSON.stringify(parity));
    const { graph } = decodeModel(model ?? assert.fail());
    const outputs = graph.outputs.map(({ name }) => name);
    assert.deepEqual(outputs, ["logits", "probabilities", "side", "colour", "x", "features"]);
    const tagger = await taggerOf(result);
    try {
      let right = 0;
      for (const sample of dataset.validation) {
        const { labels, heads, numbers } = await tagger.label(sample.path, { top: 1 });
        const disc = discs.find(({ file }) => file === sample.id);
        assert.deepEqual(labels, heads?.["side"]);
        if (heads?.["colour"]?.[0]?.label === disc?.tone) right++;
        assert.deepEqual(Object.keys(numbers ?? {}), ["x"]);
      }
      assert.equal(right / dataset.validation.length, colour?.evaluation.top1);
      assert.deepEqual(await measured(tagger, dataset), [place?.evaluation.numbers?.columns[0]?.rmse.toFixed(1)]);
    } finally {
      await tagger.close();
    }
  });

  it("resumes a run on numbers to the same bits, with its measures", async () => {
    const dataset = await read("x", "side");
    const settings: FineTuneSettings = { epochs: 3, mixup: 0.2 };
    const whole = await train(dataset, settings);
    const place = join(folder, "run");
    const stopped = new AbortController();
    const run = fineTune({
      ...SMALL,
      ...settings,
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
    const resumed = await fineTune({
      ...SMALL,
      ...settings,
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
    assert.deepEqual(resumed.evaluation, whole.evaluation);
    const weights = ({ model }: FineTuneResult): readonly number[] =>
      [...decodeModel(model ?? assert.fail()).graph.constants.values()].flatMap((t) =>
        t.dtype === "float32" ? toNumbers(t) : [],
      );
    assert.deepEqual(weights(resumed), weights(whole));
  });

  it("goes on from an export with numbers, with a new head", async () => {
    const { model } = await train(await read("x"), { epochs: 1 });
    const exported = { model: decodeModel(model ?? assert.fail()), name: "first", sha256: "03" };
    const run = fineTune({
      ...SMALL,
      epochs: 1,
      source: exported,
      dataset: await read("side"),
      platform: { runtime: directRuntime, decoder: sharpDecoder(), hashFile },
    });
    const { evaluation } = await run.result;
    assert.equal(evaluation?.classes, 2);
    assert.equal(evaluation?.numbers, undefined);
  });

  for (const [what, targets, settings] of [
    ["cutmix of numbers", ["x"], { cutmix: 1 }],
    ["class weights without classes", ["x"], { classWeights: "balanced" }],
    ["a sampler by class without classes", ["x"], { sampler: "balanced" }],
    ["a loss of classes for numbers", ["x"], { loss: "cross-entropy" }],
    ["a loss of numbers for classes", ["side"], { loss: "mse" }],
    ["label smoothing of numbers", ["x"], { labelSmoothing: 0.1 }],
    ["accuracy of numbers to be watched", ["x"], { patience: 2, stopMetric: "top1" }],
    ["an error of numbers to be watched where there are none", ["side"], { patience: 2, stopMetric: "rmse" }],
    ["positive weights without bce", ["x"], { posWeight: "auto" }],
    ["a head for a column that is not there", ["x"], { heads: [{ target: "z" }] }],
    ["a head called as another output", ["x"], { heads: [{ target: "x", name: "features" }] }],
    ["a head of a label and a number", ["side", "x"], { heads: [{ target: ["side", "x"] }] }],
    ["two heads for one column", ["x"], { heads: [{ target: "x" }, { target: "x", name: "again" }] }],
  ] satisfies readonly (readonly [string, readonly string[], FineTuneSettings])[]) {
    it(`refuses ${what}`, async () => {
      const dataset = await read(...targets);
      await assert.rejects(train(dataset, settings), (error) => errorCode(error) === "E_SETTING");
    });
  }
});
