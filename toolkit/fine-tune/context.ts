import { datasetFingerprint } from "../data/dataset.ts";
import type { BadFile } from "../data/sample.ts";
import { normalisationOf } from "../export/source-model.ts";
import type { Normalisation } from "../images/to-input.ts";
import type { Checkpoint } from "../train/checkpoint.ts";
import type { StageName } from "./events.ts";
import type { FineTuneOptions } from "./fine-tune.ts";
import { openPhotos } from "./photos.ts";
import type { PixelPhotos } from "./photos.ts";
import { readSaved, readStage } from "./run-state.ts";
import type { Fingerprint, Saved, SavedStage } from "./run-state.ts";
import type { Control } from "./run-stage.ts";
import { plainSettings } from "./settings.ts";
import type { Settings } from "./settings.ts";
import type { Student } from "./student.ts";

/** What all parts of one run share. */
export interface Context {
  readonly options: FineTuneOptions;
  readonly control: Control;
  readonly settings: Settings;
  readonly normalisation: Normalisation;
  readonly photos: PixelPhotos;
  readonly bad: Map<string, BadFile>;
  readonly fingerprint: Fingerprint;
  readonly resumed: { readonly saved: Saved; readonly checkpoint: Checkpoint } | undefined;
}

/** Reads what there is to go on from, and prepares the photos. @throws E_RESUME */
export async function openContext(
  options: FineTuneOptions,
  control: Control,
  settings: Settings,
  student: Student,
): Promise<Context> {
  const bad = new Map(options.dataset.bad.map((file) => [file.path, file]));
  const normalisation = normalisationOf(options.source);
  const { train, validation } = options.dataset;
  const photos = openPhotos({
    input: student.input,
    train,
    validation,
    settings,
    normalisation,
    decoder: options.platform.decoder,
    onBad: (file) => bad.set(file.path, file),
    ...(options.signal ? { signal: options.signal } : {}),
  });
  const fingerprint = fingerprintOf(options, settings);
  return {
    options,
    control,
    settings,
    normalisation,
    photos,
    bad,
    fingerprint,
    resumed: await findResumed(options, fingerprint, control),
  };
}

/** Settings that a resumed run may be given anew. */
const INDIFFERENT = new Set([
  "threads",
  "checkpointEvery",
  "maxSteps",
  "cacheMemoryBytes",
  "cacheDiskBytes",
  "autotune",
]);

function fingerprintOf({ source, dataset, teacher }: FineTuneOptions, settings: Settings): Fingerprint {
  const decisive = Object.entries(plainSettings(settings)).filter(([name]) => !INDIFFERENT.has(name));
  return {
    model: source.sha256,
    classes: JSON.stringify(dataset.classes),
    photos: datasetFingerprint(dataset),
    ...(teacher ? { teacher: teacher.sha256 } : {}),
    ...Object.fromEntries(decisive.map(([name, value]) => [name, String(value)])),
  };
}

async function findResumed(
  options: FineTuneOptions,
  fingerprint: Fingerprint,
  control: Control,
): Promise<Context["resumed"]> {
  const { checkpoints } = options.platform;
  const found = options.resume ? await checkpoints?.latest() : undefined;
  if (!found) return undefined;
  const saved = readSaved(found.checkpoint, fingerprint);
  if (saved.limit !== null) control.limit = saved.limit;
  return { saved, checkpoint: found.checkpoint };
}

/** How a stage of an interrupted run stood. */
export async function savedStage(name: StageName, { options }: Context): Promise<SavedStage | undefined> {
  const checkpoint = await options.platform.checkpoints?.best(name);
  return checkpoint && readStage(checkpoint);
}
