/** The toolkit on Node: the public API with files, sharp, onnxruntime-node and SQLite handed in. */
import { cacheFolder as defaultCacheFolder } from "./data/cache-folder.ts";
import { readDataset } from "./data/dataset.ts";
import type { PreparedData } from "./library/prepare-data.ts";
import type { Dataset } from "./data/dataset.ts";
import { openActivationCache } from "./data/activation-cache.ts";
import { openFeatureCache } from "./data/feature-cache.ts";
import { photoDecoder } from "./data/photo-decoder.ts";
import type { ClosableDecoder } from "./data/photo-decoder.ts";
import { openPictureCache } from "./data/picture-cache.ts";
import { hashFile } from "./data/hash.ts";
import type { SplitOptions } from "./data/split.ts";
import type { SourceModel } from "./export/source-model.ts";
import { naturalSize } from "./export/source-model.ts";
import { upToRate } from "./fine-tune/up-to-rate.ts";
import type { FoundRate } from "./fine-tune/up-to-rate.ts";
import { fineTune as fineTuneOn } from "./fine-tune/fine-tune.ts";
import type { FineTuneRun } from "./fine-tune/fine-tune.ts";
import type { Platform } from "./fine-tune/platform.ts";
import { openRunFolder, recordRun } from "./fine-tune/run-folder.ts";
import type { RunFolder } from "./fine-tune/run-folder.ts";
import { openTunings } from "./fine-tune/tuning-cache.ts";
import type { FineTuneEvent, FineTuneResult } from "./fine-tune/events.ts";
import { plainSettings, settle } from "./fine-tune/settings.ts";
import type { FineTuneSettings } from "./fine-tune/settings.ts";
import { chooseDevice } from "./node/choose-device.ts";
import type { ChooseDeviceOptions, ChosenDevice } from "./node/choose-device.ts";
import { openModel } from "./node/open-model.ts";
import type { OpenModelOptions } from "./node/open-model.ts";
import type { Device } from "./runtime/device.ts";
import { sweepPhotos } from "./sweep/sweep-photos.ts";
import type { SweepPhotosOptions } from "./sweep/sweep-photos.ts";
import type { SweepEvent, SweepResult } from "./sweep/sweep.ts";
import { openCheckpoints } from "./train/checkpoint-folder.ts";
import { VERSION } from "./version.ts";

export * from "./index.ts";
export { readModelFile as readModel } from "./onnx/read-file.ts";
export { openIndex } from "./search/open-index.ts";
export { chooseDevice } from "./node/choose-device.ts";
export type { ChooseDeviceOptions, ChosenDevice } from "./node/choose-device.ts";
export { diagnose } from "./node/diagnose.ts";
export type { DiagnoseOptions } from "./node/diagnose.ts";
export { evaluate } from "./node/evaluate.ts";
export { examineDevices } from "./node/examine-devices.ts";
export type { DeviceReport } from "./node/examine-devices.ts";
export { openModel } from "./node/open-model.ts";
export { openTagger } from "./node/open-tagger.ts";
export type { OpenTaggerOptions } from "./node/open-tagger.ts";
export type { OpenedModel, OpenModelOptions } from "./node/open-model.ts";
export { listPhotos } from "./data/list-photos.ts";
export { datasetOf, evaluateSet, readDataset } from "./data/dataset.ts";
export { partsOf } from "./data/parts.ts";
export { openSource } from "./data/sources/open-source.ts";
export type { FetchFile, SourceOptions } from "./data/sources/source-options.ts";
export type { DataSource, Entry, Part } from "./data/entry.ts";
export type { Dataset, DatasetOptions, EvaluationSet } from "./data/dataset.ts";
export { cacheFolder } from "./data/cache-folder.ts";
export { tagPhotos } from "./library/tag-photos.ts";
export { prepareData } from "./library/prepare-data.ts";
export type { LeakPolicy, PrepareDataOptions, PreparedData } from "./library/prepare-data.ts";
export { readSplitLists, writeSplitLists } from "./data/splits/split-lists.ts";
export type { DataFindings } from "./report/data-section.ts";
export { nodeRuntime, nodeRuntimeOn } from "./runtime/node.ts";
export { photoDecoder } from "./data/photo-decoder.ts";
export type { ClosableDecoder, PhotoDecoderOptions } from "./data/photo-decoder.ts";
export { openPictureCache } from "./data/picture-cache.ts";
export type { PictureCache, PictureCacheOptions } from "./data/picture-cache.ts";
export type { Crop, PhotoDecoder, View, Viewer } from "./data/view.ts";
export { sharpDecoder } from "./images/sharp.ts";
export type { Row as SweepRow } from "./sweep/ranking.ts";
export type {
  Axis as SweepAxis,
  Point as SweepPoint,
  Range as SweepRange,
  Space as SweepSpace,
} from "./sweep/space.ts";
export type { SweepMethod, SweepPlan } from "./sweep/sweep-plan.ts";
export type { SweepEvent, SweepResult } from "./sweep/sweep.ts";
export type { TrialRecord } from "./sweep/trial.ts";
export { contactSheetPng } from "./report/contact-sheet-png.ts";
export { VERSION } from "./version.ts";

export interface FineTuneOptions extends FineTuneSettings {
  /** Where to start from: a card's name, a path, or an opened model; the bundled weights where absent. */
  readonly model?: string | SourceModel;
  /** A folder of photos, a folder per class, or a dataset that was read. */
  readonly data: string | Dataset | PreparedData;
  /** The run folder; without one nothing is written but the cache. */
  readonly out?: string;
  /** A network fine-tuned on the same classes, whose answers are learnt too (knowledge distillation): opened, or its path. */
  readonly teacher?: string | SourceModel;
  readonly resume?: boolean;
  /** Where to compute; "auto" where absent. A run may be resumed on another device. */
  readonly device?: Device | ChosenDevice;
  /** When the time of `timeLimitSeconds` began, as `performance.now()` tells it; with this call where absent. */
  readonly since?: number;
  readonly validationShare?: number;
  /** What config.json says beside the settings, so that the run can be repeated from it: where the photos were found, how they were divided, what was said of the model. */
  readonly stated?: Readonly<Record<string, string | number>>;
  /** Go on with other settings, photos or another model than the run was begun with, as far as its weights fit; a note says what differs. */
  readonly forceResume?: boolean;
  readonly cacheFolder?: string;
  /** Processes that decode photos; 0: none but this one. One fewer than there are cores where absent, 2 on 2 and at most 4. */
  readonly decodeProcesses?: number;
  /** Most disk space for decoded pictures, of this run and others; 0: none are kept. 4 GB where absent. */
  readonly pictureCacheBytes?: number;
  readonly signal?: AbortSignal;
}

/**
 * Fine-tunes a pretrained network on photos: reads the data, grafts a new head, trains, exports and checks the export.
 * Read its events with `for await`, or wait for its `result`.
 * @throws E_DATA_*, E_MODEL_*, E_NO_HEAD, E_SETTING, E_DEVICE, E_RUN_FOLDER, E_RUN_LOCKED
 */
export async function fineTune(options: FineTuneOptions): Promise<FineTuneRun> {
  const {
    model,
    data,
    out,
    resume,
    forceResume,
    validationShare,
    stated = typeof data === "string" ? { data, ...(validationShare === undefined ? {} : { validationShare }) } : {},
    cacheFolder = defaultCacheFolder(),
    decodeProcesses,
    pictureCacheBytes,
    signal,
    since = performance.now(),
    teacher,
    device: _device,
    ...settings
  } = options;
  const decoding = { decodeProcesses, pictureCacheBytes };
  const source = typeof model === "object" ? model : await openModel(model, { cacheFolder, ...startingFrom(settings) });
  const device = await chooseDevice(placeOf({ ...options, cacheFolder }));
  const split: SplitOptions = {
    seed: settings.seed ?? 0,
    ...(validationShare === undefined ? {} : { validationShare }),
  };
  const taughtBy = typeof teacher === "string" ? await openModel(teacher, { cacheFolder }) : teacher;
  const prepared = typeof data === "object" && "dataset" in data ? data : undefined;
  const dataset = prepared?.dataset ?? (typeof data === "string" ? await readDataset(data, split) : (data as Dataset));
  const settled = settle(settings, naturalSize(source), dataset);
  const folder = out === undefined ? undefined : await openRunFolder(out, { resume: resume ?? false });
  // a frozen network sees each view of a photo once
  const seesOnce = settled.mode === "frozen" && settled.views === 1;
  const decoder = await trainingDecoder(cacheFolder, seesOnce ? { ...decoding, pictureCacheBytes: 0 } : decoding);
  const platform = await platformOn(device, { decoder, cacheFolder, folder });
  const run = fineTuneOn({
    ...settings,
    source,
    dataset,
    platform,
    since,
    ...(taughtBy ? { teacher: taughtBy } : {}),
    ...(resume === undefined ? {} : { resume }),
    ...(forceResume === undefined ? {} : { forceResume }),
    ...(signal ? { signal } : {}),
  });
  if (!folder) return recorded(run, closing(run, decoder));
  const events = recordRun(run, {
    folder,
    about: {
      model: source.name,
      trainImages: dataset.train.length,
      validationImages: dataset.validation.length,
      settings: { ...stated, ...plainSettings(settled), ...namesOf(source, taughtBy), device: device.asked },
      versions: { "onnx-graft": VERSION, node: process.versions.node, computedOn: device.provider },
    },
    ...(prepared ? { prepared } : {}),
    mistakes: { samples: dataset.validation, decoder },
    now: () => performance.now(),
    today: () => new Date(),
  });
  return recorded(run, closing(events, decoder));
}

interface Places {
  readonly decoder: ClosableDecoder;
  readonly cacheFolder: string;
  readonly folder: RunFolder | undefined;
}

async function platformOn(device: ChosenDevice, { decoder, cacheFolder, folder }: Places): Promise<Platform> {
  return {
    runtime: device.runtime,
    ...(device.text === "" ? {} : { deviceNote: device.text }),
    decoder,
    hashFile,
    featureStore: (signature, width) => openFeatureCache({ folder: cacheFolder, signature, width }),
    activationStore: (about) => openActivationCache({ folder: cacheFolder, ...about }),
    tunings: openTunings({ folder: cacheFolder }),
    now: () => performance.now(),
    ...(folder ? { checkpoints: await openCheckpoints(folder.checkpoints).catch(giveBack(folder)) } : {}),
  };
}

/** What the networks of a run are called when they are opened again, where that is not the source's own name. */
function namesOf({ file }: SourceModel, teacher: SourceModel | undefined): Readonly<Record<string, string>> {
  return {
    ...(file === undefined ? {} : { model: file }),
    ...(teacher ? { teacher: teacher.file ?? teacher.name } : {}),
  };
}

/** What a run that starts from random weights opens by a name. */
function startingFrom({ mode, sizePx, seed }: FineTuneSettings): OpenModelOptions {
  if (mode !== "scratch") return {};
  return { weights: "random", ...(sizePx === undefined ? {} : { sizePx }), ...(seed === undefined ? {} : { seed }) };
}

/**
 * Makes a range test of the learning rate, as `rate: "auto"` does, and nothing else; read its events, and the test from what it returns.
 * @throws whatever `fineTune` throws; E_STOPPED where it was aborted
 */
export function findRate(options: Omit<FineTuneOptions, "out" | "resume">): AsyncGenerator<FineTuneEvent, FoundRate> {
  return upToRate((signal) => fineTune({ ...options, rate: "auto", signal }), options);
}

/** Another run may have the folder of one that cannot begin. */
function giveBack(folder: RunFolder): (error: unknown) => Promise<never> {
  return async (error) => {
    await folder.discard();
    throw error;
  };
}

/** What decodes the photos of a run, and keeps them decoded for its later epochs. */
async function trainingDecoder(
  folder: string,
  { decodeProcesses, pictureCacheBytes }: Record<"decodeProcesses" | "pictureCacheBytes", number | undefined>,
): Promise<ClosableDecoder> {
  const limit = pictureCacheBytes === undefined ? {} : { maxBytes: pictureCacheBytes };
  // one that cannot be opened only makes a run slower
  const cache =
    pictureCacheBytes === 0 ? undefined : await openPictureCache({ folder, ...limit }).catch(() => undefined);
  return photoDecoder({
    ...(decodeProcesses === undefined ? {} : { processes: decodeProcesses }),
    ...(cache ? { cache } : {}),
  });
}

/** The same events; the decoder's processes end with them. */
async function* closing(
  events: AsyncIterable<FineTuneEvent>,
  decoder: ClosableDecoder,
): AsyncGenerator<FineTuneEvent, void> {
  try {
    yield* events;
  } finally {
    await decoder.close();
  }
}

/** The run whose events pass through the recorder, so that its folder is complete when the result is there. */
function recorded(run: FineTuneRun, events: AsyncGenerator<FineTuneEvent, void>): FineTuneRun {
  let finished: Promise<FineTuneResult> | undefined;
  const drain = async (): Promise<FineTuneResult> => {
    for (let item = await events.next(); !item.done; item = await events.next());
    return run.result;
  };
  return {
    [Symbol.asyncIterator]: () => ({
      next: async () => {
        const item = await events.next();
        return item.done ? { done: true, value: undefined } : item;
      },
      return: async () => {
        run.stop();
        await drain();
        return { done: true, value: undefined };
      },
    }),
    get result() {
      finished ??= drain();
      return finished;
    },
    stop: () => run.stop(),
    limitSteps: (steps) => run.limitSteps(steps),
  };
}

export interface SweepOptions extends SweepPhotosOptions {
  /** Where to compute; "auto" where absent. */
  readonly device?: Device | ChosenDevice;
}

/**
 * Trains with many settings of a space and ranks them: read its events with `for await`, or drive it with `next` for its result. Heads are trained on features that are
 * computed once. A trial that fails is recorded with its error; a sweep with a folder can be killed and resumed.
 * @throws E_SETTING, E_DATA_*, E_MODEL_*, E_RUN_FOLDER, E_RUN_LOCKED, E_RESUME
 */
export async function* sweep(options: SweepOptions): AsyncGenerator<SweepEvent, SweepResult> {
  const device = await chooseDevice(placeOf(options));
  // of the sweep, and not of every trial
  const said = { ...device, text: "" };
  return yield* sweepPhotos(options, {
    openModel: (name, cacheFolder) => openModel(name, { cacheFolder, ...startingFrom(options.settings ?? {}) }),
    fineTune: (trial) => fineTune({ ...trial, device: said }),
    runtime: device.runtime,
    deviceNote: device.text,
    now: () => performance.now(),
    today: () => new Date(),
  });
}

/** What a device is chosen by. */
function placeOf({
  device,
  cacheFolder,
  signal,
}: Pick<FineTuneOptions, "device" | "cacheFolder" | "signal">): ChooseDeviceOptions {
  return {
    ...(device === undefined ? {} : { device }),
    ...(cacheFolder === undefined ? {} : { cacheFolder }),
    ...(signal ? { signal } : {}),
  };
}
