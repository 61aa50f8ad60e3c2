import { cacheFolder as defaultCacheFolder } from "../data/cache-folder.ts";
import { datasetFingerprint } from "../data/dataset-fingerprint.ts";
import { readDataset } from "../data/dataset.ts";
import type { Dataset } from "../data/dataset.ts";
import { openFeatureCache } from "../data/feature-cache.ts";
import { hashFile } from "../data/hash.ts";
import { photoDecoder } from "../data/photo-decoder.ts";
import type { FetchFile, SourceOptions } from "../data/sources/source-options.ts";
import { ToolkitError } from "../errors.ts";
import { naturalSize } from "../export/source-model.ts";
import type { SourceModel } from "../export/source-model.ts";
import type { FineTuneEvent } from "../fine-tune/events.ts";
import type { FineTuneRun } from "../fine-tune/fine-tune.ts";
import type { Platform } from "../fine-tune/platform.ts";
import { plainSettings, settle } from "../fine-tune/settings.ts";
import type { FineTuneSettings } from "../fine-tune/settings.ts";
import { providerOf } from "../runtime/runtime.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { VERSION } from "../version.ts";
import { headTrainer } from "./head-trainer.ts";
import { openSweepFolder, recordSweep } from "./sweep-folder.ts";
import type { SweepFolder } from "./sweep-folder.ts";
import type { SweepAbout } from "./sweep-report.ts";
import { sweepPlan } from "./sweep-plan.ts";
import type { SweepChoices } from "./sweep-plan.ts";
import { expectValidation, sweep } from "./sweep.ts";
import type { SweepEvent, SweepResult } from "./sweep.ts";
import { scoreOf } from "./trial.ts";
import type { Trainer, TrialScore } from "./trial.ts";

export interface SweepPhotosOptions extends Omit<SweepChoices, "about"> {
  /** Where every trial starts from: a card's name, a path, or an opened model; the bundled weights where absent. */
  readonly model?: string | SourceModel;
  /** A folder of photos, a folder per class, or a dataset that was read. All trials have the same validation photos. */
  readonly data: string | Dataset;
  /** The folder of the sweep; without one nothing is kept. */
  readonly out?: string;
  /** Go on with the trials that the folder holds: what was tried is not tried again, and there may be more trials than before. */
  readonly resume?: boolean;
  /** When going on, run those that failed once more. */
  readonly retryFailed?: boolean;
  readonly validationShare?: number;
  /** Columns of a table that are learnt. */
  readonly targets?: SourceOptions["targets"];
  /** Gets the photos that a table has as addresses; these are refused where absent. */
  readonly fetchFile?: FetchFile;
  readonly cacheFolder?: string;
  readonly decodeProcesses?: number;
  /** Aborting ends the sweep after the trial that is under way. */
  readonly signal?: AbortSignal;
}

/** What a sweep asks of the API above it. */
export interface SweepWorld {
  readonly openModel: (name: string | undefined, cacheFolder: string) => Promise<SourceModel>;
  readonly fineTune: (
    options: FineTuneSettings & { model: SourceModel; data: Dataset; cacheFolder: string; decodeProcesses?: number },
  ) => Promise<FineTuneRun>;
  readonly runtime: Runtime;
  /** A line on where that computes. */
  readonly deviceNote?: string;
  /** A clock in milliseconds that never goes back. */
  readonly now: () => number;
  readonly today: () => Date;
}

/** Tries settings on photos: heads alone on features that are computed once, anything else by whole training runs. */
export async function* sweepPhotos(
  options: SweepPhotosOptions,
  world: SweepWorld,
): AsyncGenerator<SweepEvent, SweepResult> {
  const { cacheFolder = defaultCacheFolder(), settings = {} } = options;
  const dataset = typeof options.data === "string" ? await readSplit(options.data, options) : options.data;
  expectValidation(dataset.validation.length);
  const choices = { ...options, settings, about: dataset };
  // what cannot be meant is refused before a folder is made for it
  sweepPlan(choices);
  const { model } = options;
  const source = typeof model === "object" ? model : await world.openModel(model, cacheFolder);
  const folder = await folderFor(options, source, dataset);
  const { train, close } = trainerFor(source, dataset, { ...options, cacheFolder }, world);
  const events = sweep({
    ...choices,
    train,
    now: world.now,
    ...(folder ? { journal: folder.journal } : {}),
  });
  const about = (): Omit<SweepAbout, "title"> => ({
    model: source.name,
    trainImages: dataset.train.length,
    validationImages: dataset.validation.length,
    versions: { "onnx-graft": VERSION, node: process.versions.node, computedOn: providerOf(world.runtime) },
    finishedAt: world.today().toISOString(),
    settle: (chosen) => ({
      ...plainSettings(settle(chosen, naturalSize(source), dataset)),
      ...(source.file === undefined ? {} : { model: source.file }),
    }),
  });
  try {
    const told = noted(world.deviceNote, events);
    return yield* folder ? recordSweep(told, folder, about) : told;
  } finally {
    await close();
  }
}

/** The same events after a note. */
async function* noted(
  text: string | undefined,
  events: AsyncGenerator<SweepEvent, SweepResult>,
): AsyncGenerator<SweepEvent, SweepResult> {
  if (text !== undefined) yield { kind: "note", text };
  return yield* events;
}

function readSplit(
  path: string,
  { settings = {}, validationShare, targets, fetchFile }: SweepPhotosOptions,
): Promise<Dataset> {
  return readDataset(path, {
    seed: settings.seed ?? 0,
    ...(validationShare === undefined ? {} : { validationShare }),
    ...(targets ? { targets } : {}),
    ...(fetchFile ? { fetchFile } : {}),
  });
}

async function folderFor(
  { out, resume = false, retryFailed = false }: SweepPhotosOptions,
  source: SourceModel,
  dataset: Dataset,
): Promise<SweepFolder | undefined> {
  const on = { model: source.sha256, photos: await datasetFingerprint(dataset) };
  return out === undefined ? undefined : openSweepFolder(out, { on, resume, retryFailed });
}

interface ClosableTrainer {
  readonly train: Trainer;
  readonly close: () => Promise<void>;
}

function trainerFor(
  source: SourceModel,
  dataset: Dataset,
  options: SweepPhotosOptions & { readonly cacheFolder: string },
  world: SweepWorld,
): ClosableTrainer {
  const { cacheFolder, decodeProcesses } = options;
  const shared = {
    model: source,
    data: dataset,
    cacheFolder,
    ...(decodeProcesses === undefined ? {} : { decodeProcesses }),
  };
  const whole = async function* (settings: FineTuneSettings): AsyncGenerator<FineTuneEvent, TrialScore> {
    const run = await world.fineTune({ ...settings, ...shared });
    yield* run;
    const { evaluation, stages } = await run.result;
    if (!evaluation) throw new ToolkitError("E_STOPPED", "Cannot score the trial: it was stopped");
    return scoreOf(
      evaluation,
      stages.find(({ best }) => best === evaluation)?.bestEpoch ?? stages.at(-1)?.bestEpoch ?? 0,
    );
  };
  // its processes are only started for trials that need them
  let heads: ClosableTrainer | undefined;
  return {
    train(settings) {
      if (settings.mode !== "frozen") return whole(settings);
      heads ??= headsOn(source, dataset, options, world);
      return heads.train(settings);
    },
    close: async () => heads?.close(),
  };
}

function headsOn(
  source: SourceModel,
  dataset: Dataset,
  { cacheFolder, decodeProcesses, signal }: SweepPhotosOptions & { readonly cacheFolder: string },
  { runtime, now }: SweepWorld,
): ClosableTrainer {
  const decoder = photoDecoder(decodeProcesses === undefined ? {} : { processes: decodeProcesses });
  const platform: Platform = {
    runtime,
    decoder,
    hashFile,
    featureStore: (signature, width) => openFeatureCache({ folder: cacheFolder, signature, width }),
    now,
  };
  const { train, close } = headTrainer({ source, dataset, platform, ...(signal ? { signal } : {}) });
  return {
    train,
    async close() {
      await close();
      await decoder.close();
    },
  };
}
