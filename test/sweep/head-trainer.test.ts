import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readDataset } from "../../toolkit/data/dataset.ts";
import type { Dataset } from "../../toolkit/data/dataset.ts";
import { hashFile } from "../../toolkit/data/hash.ts";
import type { SourceModel } from "../../toolkit/export/source-model.ts";
import type { FineTuneEvent } from "../../toolkit/fine-tune/events.ts";
import { fineTune } from "../../toolkit/fine-tune/fine-tune.ts";
import type { FineTuneSettings } from "../../toolkit/fine-tune/settings.ts";
import { sharpDecoder } from "../../toolkit/images/sharp.ts";
import { readModelFile } from "../../toolkit/onnx/read-file.ts";
import type { Runtime } from "../../toolkit/runtime/runtime.ts";
import { headTrainer } from "../../toolkit/sweep/head-trainer.ts";
import type { HeadTrainer } from "../../toolkit/sweep/head-trainer.ts";
import type { TrialScore } from "../../toolkit/sweep/trial.ts";
import { fixture } from "../support/fixtures.ts";
import { directRuntime } from "../support/run-graph.ts";
import { writeToyPhotos } from "../support/toy-photos.ts";

const BASE: FineTuneSettings = { mode: "frozen", sizePx: 32, epochs: 3, batchSize: 8, rate: 0.01, seed: 0 };

describe("sweep/head-trainer", () => {
  let folder = "";
  let dataset: Dataset;
  let source: SourceModel;
  /** Sessions that were loaded, and those that are open. */
  const counts = { loaded: 0, open: 0 };
  const runtime: Runtime = {
    name: "counting",
    async load(model, options) {
      counts.loaded++;
      counts.open++;
      const session = await directRuntime.load(model, options);
      const release = async (): Promise<void> => {
        counts.open--;
        await session.release();
      };
      return { ...session, release };
    },
  };

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "onnx-graft-heads-"));
    await writeToyPhotos(folder, { train: 6, validation: 4, sizePx: 32 });
    dataset = await readDataset(folder, { seed: 0 });
    source = { model: await readModelFile(fixture("resnet18-width8/bn.onnx")), name: "bn", sha256: "01" };
  });
  after(() => rm(folder, { recursive: true }));

  const open = (): HeadTrainer =>
    headTrainer({ source, dataset, platform: { runtime, decoder: sharpDecoder(), hashFile } });

  async function trial(
    { train }: HeadTrainer,
    settings: FineTuneSettings,
  ): Promise<{ readonly score: TrialScore; readonly events: readonly FineTuneEvent[] }> {
    const events: FineTuneEvent[] = [];
    const run = train({ ...BASE, ...settings });
    let item = await run.next();
    for (; !item.done; item = await run.next()) events.push(item.value);
    return { score: item.value, events };
  }

  const computes = (events: readonly FineTuneEvent[]): boolean => events.some(({ kind }) => kind === "features");

  it("headTrainer() comes to the numbers of a whole run in the mode frozen", async () => {
    const trainer = open();
    for (const settings of [
      {},
      { rate: 0.1, decay: 0.01, keep: "last" },
      { hidden: 8, dropout: 0.3, seed: 2 },
    ] as const) {
      const { score } = await trial(trainer, settings);
      const platform = { runtime: directRuntime, decoder: sharpDecoder(), hashFile };
      const { evaluation, stages } = await fineTune({ ...BASE, ...settings, source, dataset, platform }).result;
      assert.deepEqual([score.quality, score.loss, score.photos], [evaluation?.top1, evaluation?.loss, 12]);
      if (!("keep" in settings)) assert.equal(score.epoch, stages[0]?.bestEpoch);
    }
    await trainer.close();
  });

  it("headTrainer() computes features once, and again only where a setting asks for others", async () => {
    const trainer = open();
    assert.ok(computes((await trial(trainer, {})).events));
    for (const settings of [
      { rate: 0.1 },
      { hidden: 8 },
      { seed: 3 },
      { optimizer: "sgd", momentum: 0.5 },
      { batchSize: 4 },
    ] as const)
      assert.ok(!computes((await trial(trainer, settings)).events), JSON.stringify(settings));
    assert.ok(computes((await trial(trainer, { sizePx: 48 })).events));
    await trainer.close();
  });

  it("headTrainer() loads one session for trials whose steps are the same graph, and closes all it has opened", async () => {
    const trainer = open();
    await trial(trainer, {});
    const before = counts.loaded;
    const first = await trial(trainer, { rate: 0.1 });
    await trial(trainer, { epochs: 2, seed: 4, schedule: "constant", batchSize: 4 });
    const again = await trial(trainer, { rate: 0.1 });
    assert.equal(counts.loaded, before);
    assert.deepEqual(again.score, first.score, "nothing is left over from the trial before");
    await trial(trainer, { hidden: 4 });
    assert.equal(counts.loaded, before + 1);
    await trainer.close();
    assert.equal(counts.open, 0);
  });

  it("headTrainer() throws what ends a trial, and trains the next one as if nothing had been", async () => {
    const trainer = open();
    const { score } = await trial(trainer, {});
    await assert.rejects(trial(trainer, { rate: 3e38, optimizer: "sgd" }), { code: "E_NONFINITE_LOSS" });
    assert.deepEqual((await trial(trainer, {})).score, score);
    await trainer.close();
    assert.equal(counts.open, 0);
  });
});
