import { errorCode } from "../errors.ts";
import type { Evaluation } from "../train/evaluate.ts";
import type { EpochEvent, Progress } from "../train/train.ts";
import type { Tensors } from "../runtime/runtime.ts";
import type { FineTuneEvent } from "./events.ts";
import type { Formulations } from "./formulations.ts";
import type { Platform } from "./platform.ts";
import { savedCheckpoint, stageCheckpoint } from "./run-state.ts";
import type { Fingerprint } from "./run-state.ts";
import type { Settings } from "./settings.ts";
import { startStage } from "./stage.ts";
import type { Best, Stage, StageRun } from "./stage.ts";
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
  /** Steps of the stages before: checkpoints are numbered over the whole run. */
  readonly stepsBefore: number;
}

/** How a stage ended: `aborted` by the signal with a checkpoint written, with a `failure` after which the best so far is still good, or with its weights. */
export interface StageOutcome {
  readonly aborted: boolean;
  readonly failure?: unknown;
  readonly last: Best | undefined;
  readonly best: Best | undefined;
}

/** Runs one stage: tells its events, keeps the best epoch, and writes checkpoints. The session is released at the end, whatever happens. */
export async function* runStage(stage: Stage, options: StageOptions): AsyncGenerator<FineTuneEvent, StageOutcome> {
  const { settings, control, signal } = options;
  const limit = (): number => (control.stopped ? 0 : control.limit);
  // a stage that is resumed goes on as it was begun
  const chosen = options.from ? undefined : yield* tuneStage(stage, options);
  const run = await startStage(options.platform.runtime, stage, {
    limit,
    saveEvery: settings.checkpointEvery,
    ...(settings.threads === undefined ? {} : { threads: settings.threads }),
    ...(options.from ? { from: options.from } : {}),
    ...(options.formulations ? { formulations: options.formulations } : {}),
    ...(chosen ? { chosen } : {}),
    ...(options.state ? { state: options.state } : {}),
    ...(signal ? { signal } : {}),
    ...(options.platform.now ? { now: options.platform.now } : {}),
  });
  let best = options.best;
  let last: Best | undefined;
  let progress = options.from;
  try {
    for (const text of run.notes) yield { kind: "note", text };
    yield { kind: "formulations", stage: stage.name, ...run.formulations };
    for await (const event of run.events) {
      progress = event.progress;
      if (event.kind === "step") {
        yield { ...event, stage: stage.name };
        if (event.step % settings.checkpointEvery === 0) yield* save(stage, run, options, event.progress);
      } else {
        last = await snapshot(run, event);
        const improved = last !== undefined && isBetter(last.evaluation, best?.evaluation);
        if (improved && last) best = await keepBest(last, stage, options);
        yield { ...event, stage: stage.name, best: improved };
        yield* save(stage, run, options, event.progress);
      }
    }
    signal?.throwIfAborted();
    // resumed at its very end
    last ??= { weights: await run.weights(), evaluation: await run.evaluate(), epoch: progress?.epoch ?? 0 };
    if (best && last)
      await options.platform.checkpoints?.saveBest(stage.name, stageCheckpoint({ best, final: last.evaluation }));
    return { aborted: false, last, best };
  } catch (error) {
    if (errorCode(error) === "E_NONFINITE_LOSS") return { aborted: false, failure: error, last, best };
    if (!signal?.aborted || error !== signal.reason) throw error;
    // the state is that of the last finished step
    if (progress) yield* save(stage, run, options, progress);
    return { aborted: true, last, best };
  } finally {
    await run.session.release();
  }
}

async function snapshot(run: StageRun, event: EpochEvent): Promise<Best | undefined> {
  return event.evaluation && { weights: await run.weights(), evaluation: event.evaluation, epoch: event.epoch };
}

async function keepBest(best: Best, stage: Stage, { platform }: StageOptions): Promise<Best> {
  await platform.checkpoints?.saveBest(stage.name, stageCheckpoint({ best, final: undefined }));
  return best;
}

async function* save(
  stage: Stage,
  run: StageRun,
  options: StageOptions,
  progress: Progress,
): AsyncGenerator<FineTuneEvent> {
  const { platform, control, fingerprint } = options;
  if (!platform.checkpoints) return;
  const limit = Number.isFinite(control.limit) ? control.limit : null;
  const checkpoint = savedCheckpoint(
    { stage: stage.name, progress, limit, fingerprint, formulations: run.formulations },
    await run.state(),
  );
  yield {
    kind: "checkpoint",
    path: await platform.checkpoints.save(options.stepsBefore + progress.step, checkpoint),
    stage: stage.name,
  };
}

/** More right answers; of equal ones the lower loss. */
function isBetter(a: Evaluation, b: Evaluation | undefined): boolean {
  // without validation photos the last epoch counts
  return b === undefined || a.count === 0 || a.top1 > b.top1 || (a.top1 === b.top1 && a.loss < b.loss);
}
