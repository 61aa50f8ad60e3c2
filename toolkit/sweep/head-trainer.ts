import { naturalSize } from "../export/source-model.ts";
import type { SourceModel } from "../export/source-model.ts";
import type { Dataset } from "../data/dataset.ts";
import { checkPictures } from "../fine-tune/check-pictures.ts";
import { openContext } from "../fine-tune/context.ts";
import type { Context } from "../fine-tune/context.ts";
import type { FineTuneEvent } from "../fine-tune/events.ts";
import type { Platform } from "../fine-tune/platform.ts";
import { outputsOf } from "../fine-tune/output-heads.ts";
import { headFeatures, headStageOn, stageOptions } from "../fine-tune/prepare-stage.ts";
import type { FrozenRun } from "../fine-tune/run-frozen-part.ts";
import { runStage } from "../fine-tune/run-stage.ts";
import { settle } from "../fine-tune/settings.ts";
import type { FineTuneSettings, Settings } from "../fine-tune/settings.ts";
import { graft } from "../fine-tune/student.ts";
import type { Student } from "../fine-tune/student.ts";
import { ToolkitError } from "../errors.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { reusingRuntime } from "./reusing-runtime.ts";
import { scoreOf } from "./trial.ts";
import type { Trainer, TrialScore } from "./trial.ts";

export interface HeadTrainerOptions {
  readonly source: SourceModel;
  readonly dataset: Dataset;
  /** Without checkpoints. */
  readonly platform: Platform;
  /** Ends the computing of features. */
  readonly signal?: AbortSignal;
}

export interface HeadTrainer {
  /** Trains as `fineTune` does in the mode "frozen", to the same numbers, but neither exports nor checks an export. */
  readonly train: Trainer;
  readonly close: () => Promise<void>;
}

/** Settings that features do not depend on. One that is missing here costs time and no more: features are computed anew. */
const OF_THE_HEAD: ReadonlySet<string> = new Set<keyof Settings>([
  "accumulate",
  "averageDecay",
  "batchSize",
  "checkpointEvery",
  "clipAdaptive",
  "clipNorm",
  "clipValue",
  "decay",
  "dropout",
  "epochs",
  "headEpochs",
  "headOptimizer",
  "headRate",
  "hidden",
  "keep",
  "labelSmoothing",
  "loss",
  "maxSteps",
  "momentum",
  "optimizer",
  "rate",
  "schedule",
  "sharpness",
  "warmUpEpochs",
]);

/**
 * Trains one head after the other on features that are computed once: a trial costs no more than the head's own steps. The network is made ready anew, and
 * features are computed again, only where a setting asks for others, such as the size of the pictures.
 */
export function headTrainer({ source, dataset, platform, signal }: HeadTrainerOptions): HeadTrainer {
  const { runtime, release } = reusingRuntime(platform.runtime);
  const grafted = lastMade<Student>();
  const computed = lastMade<FrozenRun>();
  const own = { ...platform, runtime };

  async function* train(chosen: FineTuneSettings): AsyncGenerator<FineTuneEvent, TrialScore> {
    const settings = settle({ ...chosen, mode: "frozen" }, naturalSize(source), dataset);
    const { seed, hidden, dropout, head, features } = settings;
    const student =
      grafted.get([seed, hidden, dropout, head, features]) ??
      graft(source, outputsOf(settings, dataset).names, settings);
    grafted.set([seed, hidden, dropout, head, features], student);
    checkPictures(student, settings);
    const control = { limit: Infinity, stopped: false };
    const options = { ...chosen, source, dataset, platform: own, ...(signal ? { signal } : {}) };
    const context = await openContext(options, control, settings, student);
    const about = featuresKey(settings);
    const run = computed.get(about) ?? (yield* featuresOf(student, context, platform.runtime));
    if (!run) throw new ToolkitError("E_STOPPED", "Cannot compute the features: stopped");
    computed.set(about, run);
    const stage = headStageOn(run, student, context);
    const { epochs, stepsPerEpoch } = stage;
    yield { kind: "stage", stage: "head", index: 0, count: 1, epochs, steps: epochs * stepsPerEpoch };
    // what is under way ends: only features take so long that they are given up
    const outcome = yield* runStage(stage, withoutSignal(await stageOptions(stage, context, 0)));
    if (outcome.failure !== undefined) throw outcome.failure;
    const kept = settings.keep === "last" ? outcome.last : outcome.best;
    if (kept) return scoreOf(kept.evaluation, kept.epoch);
    throw new ToolkitError("E_STOPPED", "Cannot score the trial: it ended before its first epoch");
  }
  return { train, close: release };
}

/** The frozen part is loaded by the runtime itself: a session that large is not kept. */
async function* featuresOf(
  student: Student,
  context: Context,
  runtime: Runtime,
): AsyncGenerator<FineTuneEvent, FrozenRun | undefined> {
  const { options } = context;
  return yield* headFeatures(student, {
    ...context,
    options: { ...options, platform: { ...options.platform, runtime } },
  });
}

function withoutSignal<T extends { readonly signal?: AbortSignal }>({
  signal: _signal,
  ...options
}: T): Omit<T, "signal"> {
  return options;
}

function featuresKey(settings: Settings): unknown {
  const views = settings.views > 1;
  // one view of each photo is the photo as it will be served
  return Object.entries(settings).filter(([name]) => !OF_THE_HEAD.has(name) && (views || name !== "seed"));
}

/** What was made last, and from what: the next trial mostly asks for the same. */
function lastMade<T>(): { get(from: unknown): T | undefined; set(from: unknown, made: T): void } {
  let last: { readonly from: string; readonly made: T } | undefined;
  return {
    get: (from) => (last?.from === JSON.stringify(from) ? last.made : undefined),
    set: (from, made) => (last = { from: JSON.stringify(from), made }),
  };
}
