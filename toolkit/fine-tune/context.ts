import { datasetFingerprint } from "../data/dataset-fingerprint.ts";
import type { BadFile } from "../data/sample.ts";
import { errorCode, errorMessage, ToolkitError } from "../errors.ts";
import { normalisationOf } from "../export/source-model.ts";
import type { Normalisation } from "../images/to-input.ts";
import type { Checkpoint } from "../train/checkpoint.ts";
import { timeBudget } from "../train/time-limit.ts";
import type { TimeBudget } from "../train/time-limit.ts";
import type { StageName } from "./events.ts";
import { checkAgainstPhotos } from "./craft-settings.ts";
import type { FineTuneOptions } from "./fine-tune.ts";
import { outputsOf } from "./output-heads.ts";
import type { Outputs } from "./output-heads.ts";
import { openPhotos } from "./photos.ts";
import type { PixelPhotos } from "./photos.ts";
import { expectSame, readSaved, readStage } from "./run-state.ts";
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
  readonly outputs: Outputs;
  readonly photos: PixelPhotos;
  readonly bad: Map<string, BadFile>;
  readonly fingerprint: Fingerprint;
  readonly resumed: Resumed | undefined;
  /** Where the run's time is limited. */
  readonly time: TimeBudget | undefined;
}

/** What an interrupted run left. */
interface Resumed {
  readonly saved: Saved;
  readonly checkpoint: Checkpoint;
  /** How its stages stood, where an epoch of theirs had ended. */
  readonly stages: ReadonlyMap<StageName, SavedStage>;
  /** What could not be read, and what is used instead. */
  readonly notes: readonly string[];
}

/** Reads what there is to go on from, and prepares the photos. @throws E_RESUME, E_CHECKPOINT */
export async function openContext(
  options: FineTuneOptions,
  control: Control,
  settings: Settings,
  student: Student,
): Promise<Context> {
  checkAgainstPhotos(settings, options.dataset);
  const time = budgetOf(settings, options);
  const bad = new Map(options.dataset.bad.map((file) => [file.path, file]));
  const normalisation = normalisationOf(options.source);
  const { train, validation } = options.dataset;
  const outputs = outputsOf(settings, options.dataset);
  const photos = openPhotos({
    input: student.input,
    classes: outputs.names.length,
    train,
    validation,
    settings,
    normalisation,
    targets: outputs.targets,
    decoder: options.platform.decoder,
    onBad: (file) => bad.set(file.path, file),
    ...(options.signal ? { signal: options.signal } : {}),
  });
  const fingerprint = await fingerprintOf(options, settings);
  const resumed = await findResumed(options, fingerprint, control);
  return {
    options,
    control,
    settings,
    normalisation,
    outputs,
    photos,
    bad,
    fingerprint,
    resumed,
    time: time?.after(resumed?.saved.spentMs ?? 0),
  };
}

/** @throws E_SETTING where there is no clock to hold a time limit by */
function budgetOf({ timeLimitSeconds }: Settings, { platform, since }: FineTuneOptions): TimeBudget | undefined {
  if (timeLimitSeconds === undefined) return undefined;
  if (platform.now) return timeBudget(timeLimitSeconds * 1000, platform.now, since);
  throw new ToolkitError("E_SETTING", "Cannot keep to timeLimitSeconds: there is no clock", {
    hint: "hand one in as the platform's now",
  });
}

/** Settings that a resumed run may be given anew. */
const INDIFFERENT = new Set([
  "threads",
  "checkpointEvery",
  "maxSteps",
  "cacheMemoryBytes",
  "cacheDiskBytes",
  "autotune",
  "timeLimitSeconds",
]);

async function fingerprintOf({ source, dataset, teacher }: FineTuneOptions, settings: Settings): Promise<Fingerprint> {
  const decisive = Object.entries(plainSettings(settings)).filter(([name]) => !INDIFFERENT.has(name));
  return {
    model: source.sha256,
    classes: JSON.stringify(dataset.classes),
    photos: await datasetFingerprint(dataset),
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
  if (!checkpoints || !found) return undefined;
  const { checkpoint, path, passedOver } = found;
  const { saved, differing } = readSaved(checkpoint, fingerprint);
  if (!options.forceResume) expectSame(differing);
  // one that is given anew counts more
  if (saved.limit !== null && !Number.isFinite(control.limit)) control.limit = saved.limit;
  const stages = new Map<StageName, SavedStage>();
  const notes = [
    ...passedOver.map((why) => `${why}; going on from "${path}"`),
    ...[...differing.values()].map((what) => `forced to go on with another run: ${what}`),
  ];
  for (const name of ["head", "network"] as const) {
    // how an epoch scored on other photos says nothing of those to come
    if (name === saved.stage && differing.has("photos")) continue;
    try {
      const best = await checkpoints.best(name);
      if (best) stages.set(name, readStage(best));
    } catch (error) {
      if (errorCode(error) !== "E_CHECKPOINT") throw error;
      notes.push(`${errorMessage(error)}; the best epoch of the stage is looked for anew, from "${path}" on`);
    }
  }
  return { saved, checkpoint, stages, notes };
}
