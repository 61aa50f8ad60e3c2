/** The toolkit on Node: the public API with files, sharp, onnxruntime-node and SQLite handed in. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { cardLabels } from "../models/imagenet.ts";
import { resolveModel } from "../models/resolve.ts";
import type { DownloadOptions } from "../models/download.ts";
import { cacheFolder as defaultCacheFolder } from "./data/cache-folder.ts";
import { evaluateSet, readDataset } from "./data/dataset.ts";
import type { Dataset } from "./data/dataset.ts";
import { openActivationCache } from "./data/activation-cache.ts";
import { openFeatureCache } from "./data/feature-cache.ts";
import { photoDecoder } from "./data/photo-decoder.ts";
import type { ClosableDecoder, PhotoDecoderOptions } from "./data/photo-decoder.ts";
import { openPictureCache } from "./data/picture-cache.ts";
import type { PhotoDecoder } from "./data/view.ts";
import type { Operators } from "./graph/operator.ts";
import { hashFile } from "./data/hash.ts";
import type { SplitOptions } from "./data/split.ts";
import { ToolkitError } from "./errors.ts";
import type { SourceModel } from "./export/source-model.ts";
import { naturalSize } from "./export/source-model.ts";
import { diagnose as diagnoseOn } from "./fine-tune/diagnose.ts";
import type { DiagnoseOptions as DiagnoseSourceOptions, Diagnosis } from "./fine-tune/diagnosis.ts";
import { fineTune as fineTuneOn } from "./fine-tune/fine-tune.ts";
import type { FineTuneRun } from "./fine-tune/fine-tune.ts";
import type { Platform } from "./fine-tune/platform.ts";
import { openRunFolder, recordRun } from "./fine-tune/run-folder.ts";
import { openTunings } from "./fine-tune/tuning-cache.ts";
import type { FineTuneEvent, FineTuneResult } from "./fine-tune/events.ts";
import { plainSettings, settle } from "./fine-tune/settings.ts";
import type { FineTuneSettings } from "./fine-tune/settings.ts";
import type { TaggerEvaluation } from "./label/evaluate-tagger.ts";
import { evaluateTagger } from "./label/evaluate-tagger.ts";
import { openTagger as openTaggerOn } from "./label/tagger.ts";
import type { Tagger } from "./label/tagger.ts";
import { readModelFile } from "./onnx/read-file.ts";
import type { Rewrites } from "./passes/normalise.ts";
import { nodeRuntime } from "./runtime/node.ts";
import { openCheckpoints } from "./train/checkpoint-folder.ts";
import { VERSION } from "./version.ts";

export * from "./index.ts";
export { readModelFile as readModel } from "./onnx/read-file.ts";
export { openIndex } from "./search/label-index.ts";
export { listPhotos } from "./data/list-photos.ts";
export { evaluateSet, readDataset } from "./data/dataset.ts";
export type { Dataset } from "./data/dataset.ts";
export { cacheFolder } from "./data/cache-folder.ts";
export { tagPhotos } from "./library/tag-photos.ts";
export { nodeRuntime } from "./runtime/node.ts";
export { photoDecoder } from "./data/photo-decoder.ts";
export type { ClosableDecoder, PhotoDecoderOptions } from "./data/photo-decoder.ts";
export { openPictureCache } from "./data/picture-cache.ts";
export type { PictureCache, PictureCacheOptions } from "./data/picture-cache.ts";
export type { Crop, PhotoDecoder, View, Viewer } from "./data/view.ts";
export { sharpDecoder } from "./images/sharp.ts";
export { contactSheetPng } from "./report/contact-sheet-png.ts";
export { VERSION } from "./version.ts";

/** What `openModel` may be told about a model that its file does not say. */
export interface OpenModelOptions extends Partial<DownloadOptions> {
  readonly mean?: readonly number[];
  readonly std?: readonly number[];
  readonly sizePx?: number;
  readonly labels?: readonly string[];
  /** The standard operators with your own: `new Map([...operators, [key(mine), mine]])`. */
  readonly operators?: Operators;
  /** How operators of the model are written that no table has, by domain and type. */
  readonly rewrites?: Rewrites;
}

/** A model that was opened, and one line on why it was chosen, where nobody chose it. */
export interface OpenedModel extends SourceModel {
  readonly explanation?: string;
}

/**
 * Opens a model by its path or its card's name; the bundled weights where none is given.
 * @throws E_MODEL_*, E_OFFLINE, E_DOWNLOAD, E_DOWNLOAD_CHECKSUM
 */
export async function openModel(nameOrPath?: string, options: OpenModelOptions = {}): Promise<OpenedModel> {
  const { mean, std, sizePx, labels, operators, rewrites, ...download } = options;
  const { path, card, explanation } = await resolveModel(nameOrPath, {
    cacheFolder: defaultCacheFolder(),
    ...download,
  });
  const bytes = readFile(path);
  const model = await readModelFile(path, { name: `"${nameOrPath ?? card?.name ?? path}"` });
  const stated = {
    mean: mean ?? card?.mean,
    std: std ?? card?.std,
    sizePx: sizePx ?? card?.sizePx,
    labels: labels ?? (card && cardLabels(card)),
    operators,
    rewrites,
  };
  return {
    model,
    name: card?.name ?? basename(path),
    sha256: createHash("sha256")
      .update(await bytes)
      .digest("hex"),
    ...(card ? { licence: card.licence } : {}),
    ...present(stated),
    ...(explanation === undefined ? {} : { explanation }),
  };
}

function present<T extends object>(record: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

export interface FineTuneOptions extends FineTuneSettings {
  /** Where to start from: a card's name, a path, or an opened model; the bundled weights where absent. */
  readonly model?: string | SourceModel;
  /** A folder of photos, a folder per class, or a dataset that was read. */
  readonly data: string | Dataset;
  /** The run folder; without one nothing is written but the cache. */
  readonly out?: string;
  /** A network fine-tuned on the same classes, whose answers are learnt too (knowledge distillation): opened, or its path. */
  readonly teacher?: string | SourceModel;
  readonly resume?: boolean;
  readonly validationShare?: number;
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
 * @throws E_DATA_*, E_MODEL_*, E_NO_HEAD, E_SETTING, E_RUN_FOLDER, E_RUN_LOCKED
 */
export async function fineTune(options: FineTuneOptions): Promise<FineTuneRun> {
  const {
    model,
    data,
    out,
    resume,
    validationShare,
    cacheFolder = defaultCacheFolder(),
    decodeProcesses,
    pictureCacheBytes,
    signal,
    teacher,
    ...settings
  } = options;
  const decoding = { decodeProcesses, pictureCacheBytes };
  const source = typeof model === "object" ? model : await openModel(model, { cacheFolder });
  const split: SplitOptions = {
    seed: settings.seed ?? 0,
    ...(validationShare === undefined ? {} : { validationShare }),
  };
  const taughtBy = typeof teacher === "string" ? await openModel(teacher, { cacheFolder }) : teacher;
  const dataset = typeof data === "string" ? await readDataset(data, split) : data;
  const settled = settle(settings, naturalSize(source));
  const folder = out === undefined ? undefined : await openRunFolder(out, { resume: resume ?? false });
  // a frozen network sees each view of a photo once
  const decoder =
    settled.mode === "frozen" && settled.views === 1
      ? photoDecoder(decodeProcesses === undefined ? {} : { processes: decodeProcesses })
      : await trainingDecoder(cacheFolder, decoding);
  const platform: Platform = {
    runtime: nodeRuntime,
    decoder,
    hashFile,
    featureStore: (signature, width) => openFeatureCache({ folder: cacheFolder, signature, width }),
    activationStore: (about) => openActivationCache({ folder: cacheFolder, ...about }),
    tunings: openTunings({ folder: cacheFolder }),
    now: () => performance.now(),
    ...(folder ? { checkpoints: await openCheckpoints(folder.checkpoints) } : {}),
  };
  const run = fineTuneOn({
    ...settings,
    source,
    dataset,
    platform,
    ...(taughtBy ? { teacher: taughtBy } : {}),
    ...(resume === undefined ? {} : { resume }),
    ...(signal ? { signal } : {}),
  });
  if (!folder) return recorded(run, closing(run, decoder));
  const events = recordRun(run, {
    folder,
    about: {
      model: source.name,
      trainImages: dataset.train.length,
      validationImages: dataset.validation.length,
      settings: { ...plainSettings(settled), ...(taughtBy ? { teacher: taughtBy.name } : {}) },
      versions: { "onnx-graft": VERSION, node: process.versions.node },
    },
    mistakes: { samples: dataset.validation, decoder },
    now: () => performance.now(),
    today: () => new Date(),
  });
  return recorded(run, closing(events, decoder));
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

export interface DiagnoseOptions extends Omit<DiagnoseSourceOptions, "source" | "platform" | "dataset"> {
  /** Photos to try the model on, a folder per class; made-up pictures where absent. */
  readonly data?: string | Dataset;
}

/**
 * Looks at a model before anybody trains it: head, operators, BatchNorm, gradients by finite differences, where the loss starts, and one batch learnt by heart.
 * Faults of the model are checks that failed; read them with `for await`.
 * @throws E_MODEL_*, E_DATA_*
 */
export async function* diagnose(
  model?: string | SourceModel,
  { data, ...options }: DiagnoseOptions = {},
): AsyncGenerator<Diagnosis, void> {
  const source = typeof model === "object" ? model : await openModel(model);
  const dataset = typeof data === "string" ? await readDataset(data, { seed: options.seed ?? 0 }) : data;
  const decoder = photoDecoder();
  try {
    yield* diagnoseOn({
      ...options,
      source,
      platform: { runtime: nodeRuntime, decoder },
      ...(dataset ? { dataset } : {}),
    });
  } finally {
    await decoder.close();
  }
}

export interface OpenTaggerOptions extends OpenModelOptions {
  /** What decodes the photos, left open; processes of the tagger's own where absent. */
  readonly decoder?: PhotoDecoder;
  readonly decodeProcesses?: number;
  readonly threads?: number;
  readonly batchSize?: number;
}

/**
 * Opens a model for labelling photos, by its path, its card's name, or as an opened model.
 * @throws E_MODEL_*, E_NO_HEAD
 */
export async function openTagger(model?: string | SourceModel, options: OpenTaggerOptions = {}): Promise<Tagger> {
  const { decoder, decodeProcesses: processes, threads, batchSize, ...about } = options;
  if (!decoder) return openOwnTagger(model, options, processes === undefined ? {} : { processes });
  const source = typeof model === "object" ? model : await openModel(model, about);
  return openTaggerOn({
    source,
    runtime: nodeRuntime,
    decoder,
    ...(threads === undefined ? {} : { threads }),
    ...(batchSize === undefined ? {} : { batchSize }),
  });
}

/** A tagger whose decoder is closed with it. */
async function openOwnTagger(
  model: string | SourceModel | undefined,
  options: OpenTaggerOptions,
  decoding: PhotoDecoderOptions,
): Promise<Tagger> {
  // its process starts while the model is read
  const decoder = photoDecoder(decoding);
  try {
    const tagger = await openTagger(model, { ...options, decoder });
    const close = async (): Promise<void> => {
      await tagger.close();
      await decoder.close();
    };
    return { ...tagger, close };
  } catch (error) {
    await decoder.close();
    throw error;
  }
}

/**
 * Measures a model on a folder of labelled photos (its val/ where it has one).
 * @throws E_DATA_*, E_MODEL_*
 */
export async function evaluate(
  model: string | SourceModel,
  data: string,
  options: OpenTaggerOptions = {},
): Promise<TaggerEvaluation> {
  const tagger = await openTagger(model, options);
  try {
    const { samples } = await evaluateSet(data, tagger.labels);
    if (samples.length === 0)
      throw new ToolkitError("E_DATA_EMPTY", `Cannot evaluate on "${data}": it holds no photos`);
    const run = evaluateTagger(tagger, samples);
    let item = await run.next();
    while (!item.done) item = await run.next();
    return item.value;
  } finally {
    await tagger.close();
  }
}
