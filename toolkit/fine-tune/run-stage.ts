import type { Sample } from "../data/sample.ts";
import { errorCode } from "../errors.ts";
import { isBetter } from "../train/is-better.ts";
import { guardStep } from "../train/nan-guard.ts";
import type { Checkpoint } from "../train/checkpoint.ts";
import type { EpochEvent, NonFiniteEvent, Progress } from "../train/train.ts";
import type { Tensors } from "../runtime/runtime.ts";
import { findsRate } from "./craft-settings.ts";
import type { EndReason, FineTuneEvent } from "./events.ts";
import type { Formulations } from "./formulations.ts";
import { measuredStage } from "./measured-stage.ts";
import type { Platform } from "./platform.ts";
import { expectFits, savedCheckpoint, stageCheckpoint } from "./run-state.ts";
import type { Fingerprint } from "./run-state.ts";
import { openSavePace } from "./save-pace.ts";
import type { SavePace } from "./save-pace.ts";
import type { Settings } from "./settings.ts";
import { probeTraining } from "./probes/probe-training.ts";
import { openSoupPot } from "./soup-pot.ts";
import type { SoupPot } from "./soup-pot.ts";
import { startStage } from "./stage.ts";
import type { Best, Stage, StageRun } from "./stage.ts";
import { stageEnd } from "./stage-end.ts";
import type { StageEnd, StageTime } from "./stage-end.ts";
import { scheduleAt, tryRates } from "./try-rates.ts";
import { tuneStage } from "./tune-stage.ts";

/** What whoever reads a run may change while it goes on. */
export interface Control {
  /** Ends the stage after this many steps; its schedule ends there too. */
  limit: number;
  /** Ends the run after the step that is under way, and exports what there is. */
  stopped: boolean;
}

export interface StageOptions {
  readonly settings: Settings;
  readonly platform: Platform;
  readonly control: Control;
  readonly fingerprint: Fingerprint;
  readonly signal?: AbortSignal;
  readonly from?: Progress;
  readonly formulations?: Formulations;
  readonly state?: Tensors;
  readonly best?: Best;
  /** The rate that a range test had found, and the metrics of the epochs before. */
  readonly rate?: number | undefined;
  readonly watched?: readonly number[] | undefined;
  /** Steps of the stages before: checkpoints are numbered over the whole run. */
  readonly stepsBefore: number;
  /** The training photos, to name them. */
  readonly samples: readonly Sample[];
  /** Where the run's time is limited. */
  readonly time?: StageTime | undefined;
}

/** How a stage ended: `aborted` by the signal with a checkpoint written, with a `failure` after which the best so far is still good, or with its weights. */
export interface StageOutcome {
  readonly aborted: boolean;
  readonly failure?: unknown;
  readonly last: Best | undefined;
  readonly best: Best | undefined;
  readonly ended?: EndReason;
}

/** A stage at work. */
interface Running {
  readonly stage: Stage;
  readonly run: StageRun;
  readonly end: StageEnd;
  readonly pot: SoupPot | undefined;
  readonly pace: SavePace;
  /** Whether a checkpoint holds the progress, and whether one holds the best epoch. */
  isSaved: boolean;
  bestIsSaved: boolean;
  /** What a range test has found. */
  rate: number | undefined;
  progress: Progress | undefined;
  best: Best | undefined;
  last: Best | undefined;
}

/** Runs one stage: tells its events, keeps the best epoch, and writes checkpoints. The session is released at the end, whatever happens. */
export async function* runStage(given: Stage, options: StageOptions): AsyncGenerator<FineTuneEvent, StageOutcome> {
  const { settings, signal } = options;
  const { operators } = given;
  const guarded = settings.onNonFinite === "skip" ? { ...given, step: guardStep(given.step, operators) } : given;
  // the head of staged is trained plainly
  const stage = measuredStage(guarded, given.name === "head" && settings.mode !== "frozen" ? 1 : settings.accumulate);
  // a stage that is resumed goes on as it was begun
  const chosen = options.from ? undefined : yield* tuneStage(stage, options);
  const running = await start(stage, options, chosen);
  const { run, end, pot } = running;
  try {
    for (const text of run.notes) yield { kind: "note", text };
    yield { kind: "formulations", stage: stage.name, ...run.formulations };
    if (!options.from && findsRate(stage.name, settings)) running.rate = yield* tryRates(stage, run, settings, signal);
    // one that is resumed may have had no patience left
    if (!end.isOver()) yield* trainStage(running, options);
    signal?.throwIfAborted();
    const { progress } = running;
    if (progress && !running.isSaved) yield* save(running, options, progress);
    const ended = end.reasonAt(progress?.step ?? 0);
    if (ended) yield { kind: "note", text: ended.text };
    // resumed at its very end
    const last = (running.last ??= await scored(run, progress?.epoch ?? 0));
    if (pot && running.best) running.best = yield* pot.cook(running.best, run.evaluateWeights);
    const { best } = running;
    if (best)
      await options.platform.checkpoints?.saveBest(stage.name, stageCheckpoint({ best, final: last.evaluation }));
    return { aborted: false, last, best, ...(ended ? { ended: ended.reason } : {}) };
  } catch (error) {
    if (errorCode(error) === "E_NONFINITE_LOSS") {
      if (stage.step.finite !== undefined) await keepGood(running);
      return { aborted: false, failure: error, last: running.last, best: running.best };
    }
    if (!signal?.aborted || error !== signal.reason) throw error;
    // the state is that of the last finished step
    if (running.progress) yield* save(running, options, running.progress);
    return { aborted: true, last: running.last, best: running.best };
  } finally {
    await run.session.release();
  }
}

async function start(stage: Stage, options: StageOptions, chosen: Formulations | undefined): Promise<Running> {
  const { settings, platform, control, from, rate, watched, time } = options;
  if (options.state) expectFits(options.state, stage.step.initial);
  const before = time?.budget.spentMs() ?? 0;
  const run = await startStage(
    platform.runtime,
    {
      ...stage,
      schedule: (at) => schedule()(at),
    },
    {
      limit: () => (control.stopped ? 0 : Math.min(control.limit, end.steps())),
      saveEvery: settings.checkpointEvery,
      ...(settings.threads === undefined ? {} : { threads: settings.threads }),
      ...(from ? { from } : {}),
      ...(options.formulations ? { formulations: options.formulations } : {}),
      ...(chosen ? { chosen } : {}),
      ...(options.state ? { state: options.state } : {}),
      ...(options.signal ? { signal: options.signal } : {}),
      ...(platform.now ? { now: platform.now } : {}),
    },
  );
  const loadMs = (time?.budget.spentMs() ?? 0) - before;
  const end = stageEnd(stage, { settings, time, loadMs, made: from?.step ?? 0, watched });
  const { name } = stage;
  const size = settings.keep === "soup" ? settings.soupSize : undefined;
  const { checkpoints } = platform;
  const pot =
    size === undefined ? undefined : await openSoupPot({ stage: name, size, checkpoints, epochs: from?.epoch ?? 0 });
  const held = { progress: from, best: options.best, last: undefined, isSaved: true, bestIsSaved: true };
  const running: Running = { stage, run, end, pot, rate, pace: openSavePace(platform.now), ...held };
  // read when the first step is made: the rate may have been found by then
  let found: Stage["schedule"] | undefined;
  const schedule = (): Stage["schedule"] =>
    (found ??= running.rate === undefined ? stage.schedule : scheduleAt(running.rate, stage, settings));
  return running;
}

/** The epochs, up to the one at which patience ends. */
async function* trainStage(running: Running, options: StageOptions): AsyncGenerator<FineTuneEvent> {
  const { stage, run, end } = running;
  for await (const event of run.events) {
    running.progress = event.progress;
    running.isSaved = false;
    if (event.kind === "nonfinite") yield { ...event, stage: stage.name, files: filesOf(event, options) };
    else if (event.kind === "step") {
      yield { ...event, stage: stage.name };
      yield* probeTraining(event, { stage, options });
      const text = end.stepped(event.step);
      if (text !== undefined) yield { kind: "note", text };
      if (event.step % options.settings.checkpointEvery === 0) yield* save(running, options, event.progress);
    } else {
      const improved = await keepEpoch(event, running);
      yield { ...event, stage: stage.name, best: improved };
      if (running.pace.isDue()) yield* save(running, options, event.progress);
      end.rested();
      if (end.isOver()) return;
    }
  }
}

/** Keeps what an epoch has come to; returns whether it is the best so far. */
async function keepEpoch(event: EpochEvent, running: Running): Promise<boolean> {
  const { run, end, pot, best } = running;
  const { evaluation, epoch } = event;
  end.scored(evaluation);
  if (!evaluation) {
    running.last = undefined;
    return false;
  }
  const last = { weights: await run.weights(), evaluation, epoch };
  running.last = last;
  await pot?.add(last);
  if (!isBetter(evaluation, best?.evaluation)) return false;
  running.best = last;
  running.bestIsSaved = false;
  return true;
}

/** The weights before a step that was left out are as good as any: where the run ends there, they may be its best. */
async function keepGood(running: Running): Promise<void> {
  const good = await scored(running.run, (running.progress?.epoch ?? 0) + 1);
  if (!Number.isFinite(good.evaluation.loss)) return;
  running.last = good;
  if (isBetter(good.evaluation, running.best?.evaluation)) running.best = good;
}

async function scored(run: StageRun, epoch: number): Promise<Best> {
  return { weights: await run.weights(), evaluation: await run.evaluate(), epoch };
}

function filesOf({ indices }: NonFiniteEvent, { samples }: StageOptions): readonly string[] {
  return indices.flatMap((i) => samples[i]?.path ?? []);
}

/** Writes where the run stands. The best epoch goes first: it must not be missing behind a checkpoint that has seen it. */
async function* save(running: Running, options: StageOptions, progress: Progress): AsyncGenerator<FineTuneEvent> {
  const { stage, best, pace } = running;
  const { checkpoints } = options.platform;
  if (!checkpoints) return;
  const path = await pace.timed(async () => {
    if (best && !running.bestIsSaved)
      await checkpoints.saveBest(stage.name, stageCheckpoint({ best, final: undefined }));
    running.bestIsSaved = true;
    return checkpoints.save(options.stepsBefore + progress.step, await checkpointOf(running, options, progress));
  });
  running.isSaved = true;
  yield { kind: "checkpoint", path, stage: stage.name };
}

async function checkpointOf(
  { stage, run, end, rate }: Running,
  { control, fingerprint, time }: StageOptions,
  progress: Progress,
): Promise<Checkpoint> {
  const limit = Number.isFinite(control.limit) ? control.limit : null;
  const watched = end.watched();
  return savedCheckpoint(
    {
      stage: stage.name,
      progress,
      limit,
      fingerprint,
      formulations: run.formulations,
      ...(rate === undefined ? {} : { rate }),
      ...(watched ? { watched } : {}),
      ...(time ? { spentMs: time.budget.spentMs() } : {}),
    },
    await run.state(),
  );
}
