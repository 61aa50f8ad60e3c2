import type { BadFile } from "../data/sample.ts";
import type { Normalisation } from "../images/to-input.ts";
import { datasetFingerprint } from "../data/dataset.ts";
import { readMetadata } from "../export/metadata.ts";
import { naturalSize, normalisationOf } from "../export/source-model.ts";
import { reinitialise } from "../passes/reinitialise.ts";
import type { Checkpoint } from "../train/checkpoint.ts";
import type { Progress } from "../train/train.ts";
import { backboneModel, computeFeatures, headStage } from "./head-stage.ts";
import type { FeatureTable } from "./head-stage.ts";
import { exportStudent } from "./export-student.ts";
import type { FineTuneEvent, FineTuneResult, StageName, StageResult } from "./events.ts";
import type { FineTuneOptions } from "./fine-tune.ts";
import { batchNormForm, networkStage, unfold, withBatchNorm } from "./network-stage.ts";
import { openPhotos } from "./photos.ts";
import type { Photos } from "./photos.ts";
import { readSaved, readStage } from "./run-state.ts";
import type { Fingerprint, Saved, SavedStage } from "./run-state.ts";
import { runStage } from "./run-stage.ts";
import type { Control, StageOptions, StageOutcome } from "./run-stage.ts";
import { settle } from "./settings.ts";
import type { Settings } from "./settings.ts";
import { withConstants } from "./stage.ts";
import type { Best, Stage } from "./stage.ts";
import { graft } from "./student.ts";
import type { Student } from "./student.ts";

/** What all parts of one run share. */
interface Context {
  readonly options: FineTuneOptions;
  readonly control: Control;
  readonly settings: Settings;
  readonly normalisation: Normalisation;
  readonly photos: Photos;
  readonly bad: Map<string, BadFile>;
  readonly fingerprint: Fingerprint;
  readonly resumed:
    | { readonly saved: Saved; readonly checkpoint: Checkpoint; readonly best: Best | undefined }
    | undefined;
}

/** The best weights of a run so far, applied to the network they belong to. */
interface Candidate {
  readonly student: Student;
  readonly best: Best;
}

/** A fine-tuning run from the source to the exported bytes, as the events it tells. */
export async function* job(options: FineTuneOptions, control: Control): AsyncGenerator<FineTuneEvent, FineTuneResult> {
  const settings = settle(options, naturalSize(options.source));
  const grafted = graft(options.source, options.dataset.classes, settings);
  const context = await openContext(options, control, settings, grafted);
  yield* introduce(context);
  const stages: StageResult[] = [];
  const names = stagesOf(settings);
  let student = grafted;
  let chosen: Candidate | undefined;
  let stepsBefore = 0;
  for (const [index, name] of names.entries()) {
    const steps = settings.headEpochs * Math.ceil(options.dataset.train.length / settings.batchSize);
    if (context.resumed && names.indexOf(context.resumed.saved.stage) > index) {
      stepsBefore += steps;
      const ended = await savedStage(name, context);
      if (ended) {
        stages.push({ stage: name, final: ended.final ?? ended.best.evaluation, best: ended.best.evaluation, bestEpoch: ended.best.epoch });
        chosen = { student, best: ended.best };
        student = { ...student, graph: withConstants(student.graph, ended.best.weights) };
      }
      continue;
    }
    if (name === "network") student = yield* prepareNetwork(student, context);
    const stage =
      name === "head"
        ? yield* prepareHead(student, context)
        : networkStage(student, settings, context.photos, classCount(options));
    yield {
      kind: "stage",
      stage: name,
      index,
      count: names.length,
      epochs: stage.epochs,
      steps: stage.epochs * stage.stepsPerEpoch,
    };
    const outcome = yield* runStage(stage, await stageOptions(stage, context, stepsBefore));
    if (outcome.aborted) return { ...emptyResult(context), stages };
    stages.push(...resultOf(name, outcome));
    chosen = choose(chosen, student, outcome, settings);
    const kept = settings.keep === "best" ? outcome.best : outcome.last;
    if (kept) student = { ...student, graph: withConstants(student.graph, kept.weights) };
    stepsBefore += stage.epochs * stage.stepsPerEpoch;
    if (control.stopped) break;
  }
  return yield* finish(chosen, stages, context);
}

function stagesOf({ mode }: Settings): readonly StageName[] {
  if (mode === "frozen") return ["head"];
  return mode === "staged" ? ["head", "network"] : ["network"];
}

function classCount({ dataset }: FineTuneOptions): number {
  return dataset.classes.length;
}

async function openContext(
  options: FineTuneOptions,
  control: Control,
  settings: Settings,
  student: Student,
): Promise<Context> {
  const bad = new Map<string, BadFile>();
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

function fingerprintOf({ source, dataset }: FineTuneOptions, settings: Settings): Fingerprint {
  const { threads: _threads, checkpointEvery: _every, maxSteps: _limit, ...decisive } = settings;
  return {
    model: source.sha256,
    classes: JSON.stringify(dataset.classes),
    photos: datasetFingerprint(dataset),
    ...Object.fromEntries(Object.entries(decisive).map(([name, value]) => [name, String(value)])),
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

async function savedStage(name: StageName, { options }: Context): Promise<SavedStage | undefined> {
  const checkpoint = await options.platform.checkpoints?.best(name);
  return checkpoint && readStage(checkpoint);
}

function* introduce(context: Context): Generator<FineTuneEvent> {
  const { options, settings, resumed } = context;
  const { dataset, source } = options;
  yield note(
    `${dataset.train.length} photos to train, ${dataset.validation.length} to validate, ${dataset.classes.length} classes; ${source.name} at ${settings.sizePx} px`,
  );
  if (!source.mean && !readMetadata(source.model, source.name)) {
    yield note(
      "the model does not say how its inputs were normalised: assuming ImageNet's mean and std (--mean, --std)",
    );
  }
  if (resumed) yield note(`going on from ${resumed.saved.stage} step ${resumed.saved.progress.step}`);
}

function note(text: string): FineTuneEvent {
  return { kind: "note", text };
}

async function* prepareHead(student: Student, context: Context): AsyncGenerator<FineTuneEvent, Stage> {
  const { options, settings, photos } = context;
  const { platform, dataset } = options;
  const model = backboneModel(student);
  const store = await platform.featureStore?.(await signatureOf(model, context), student.width);
  const session = await platform.runtime.load(
    model,
    settings.threads === undefined ? {} : { threads: settings.threads },
  );
  try {
    const total = dataset.train.length + dataset.validation.length;
    const tables: FeatureTable[] = [];
    let before = 0;
    for (const samples of [dataset.train, dataset.validation]) {
      const run = computeFeatures(session, student, samples, photos, platform, store);
      let item = await run.next();
      for (; !item.done; item = await run.next()) {
        if (options.signal?.aborted) break;
        yield { kind: "features", done: before + item.value, total };
      }
      if (item.done) tables.push(item.value);
      else tables.push({ rows: [], samples });
      before += samples.length;
    }
    const [train, validation] = tables as [FeatureTable, FeatureTable];
    return headStage(student, settings, train, validation, dataset.classes.length);
  } finally {
    await session.release();
    await store?.close();
  }
}

/** Features depend on the backbone's bytes and on how a photo becomes its input. */
async function signatureOf(model: Uint8Array, { settings, normalisation }: Context): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", model));
  const hex = Array.from(digest, (v) => v.toString(16).padStart(2, "0")).join("");
  return JSON.stringify([hex, settings.sizePx, settings.resizePx, normalisation.mean, normalisation.std]);
}

async function* prepareNetwork(student: Student, context: Context): AsyncGenerator<FineTuneEvent, Student> {
  const { options, settings, photos } = context;
  if (settings.mode === "scratch") {
    yield note("starting from random weights");
    const fresh = withBatchNorm(student);
    return { ...fresh, graph: reinitialise(fresh.graph, settings.seed) };
  }
  const { student: unfolded, restored } = await unfold(student, settings, photos, options.platform);
  if (restored > 0)
    yield note(`BatchNorm was folded into ${restored} convolutions: restored with the statistics of your photos`);
  const form = batchNormForm(unfolded.graph, settings);
  if (form !== "none")
    yield note(`BatchNorm uses ${form === "batch" ? "the statistics of each batch" : "its stored statistics"}`);
  return unfolded;
}

async function stageOptions(stage: Stage, context: Context, stepsBefore: number): Promise<StageOptions> {
  const { options, settings, control, fingerprint, resumed } = context;
  const here = resumed?.saved.stage === stage.name ? resumed : undefined;
  const from: Progress | undefined = here?.saved.progress;
  const before = here && (await savedStage(stage.name, context));
  return {
    settings,
    platform: options.platform,
    // only the stage that trains every layer is limited
    control: stage.name === "head" ? headControl(control) : control,
    fingerprint,
    stepsBefore,
    ...(options.signal ? { signal: options.signal } : {}),
    ...(here && from ? { from, state: here.checkpoint.tensors } : {}),
    ...(before ? { best: before.best } : {}),
  };
}

function headControl(control: Control): Control {
  return {
    limit: Infinity,
    get stopped() {
      return control.stopped;
    },
  };
}

function resultOf(stage: StageName, { last, best }: StageOutcome): readonly StageResult[] {
  return last && best ? [{ stage, final: last.evaluation, best: best.evaluation, bestEpoch: best.epoch }] : [];
}

/** Under "best" the best epoch of any stage, else the last one. */
function choose(
  before: Candidate | undefined,
  student: Student,
  outcome: StageOutcome,
  { keep }: Settings,
): Candidate | undefined {
  const kept = keep === "best" ? outcome.best : (outcome.last ?? outcome.best);
  if (!kept) return before;
  const now = { student, best: kept };
  if (keep === "last" || !before) return now;
  return kept.evaluation.top1 >= before.best.evaluation.top1 ? now : before;
}

async function* finish(
  chosen: Candidate | undefined,
  stages: readonly StageResult[],
  context: Context,
): AsyncGenerator<FineTuneEvent, FineTuneResult> {
  for (const file of context.bad.values()) yield { kind: "bad", file };
  if (!chosen) return { ...emptyResult(context), stages };
  const { options, settings, photos, normalisation } = context;
  const { evaluation, weights, epoch } = chosen.best;
  const trained = { ...chosen.student, graph: withConstants(chosen.student.graph, weights) };
  const { model, parity } = await exportStudent(trained, {
    options,
    settings,
    photos,
    normalisation,
    evaluation,
    epoch,
  });
  return {
    status: "done",
    classes: options.dataset.classes,
    stages,
    evaluation,
    model,
    parity,
    bad: [...context.bad.values()],
  };
}

function emptyResult({ options, bad }: Context): FineTuneResult {
  return {
    status: "stopped",
    classes: options.dataset.classes,
    stages: [],
    evaluation: undefined,
    model: undefined,
    parity: undefined,
    bad: [...bad.values()],
  };
}
