import type { Graph } from "../graph/ir.ts";
import { fromBytes, toBytes } from "../graph/tensor.ts";
import { reinitialise } from "../passes/reinitialise.ts";
import type { Progress } from "../train/train.ts";
import type { Context } from "./context.ts";
import type { FineTuneEvent } from "./events.ts";
import { headStage } from "./head-stage.ts";
import { batchNormForm, unfold, withBatchNorm } from "./network-stage.ts";
import type { ActivationStore, FeatureStore } from "./platform.ts";
import { runFrozenPart } from "./run-frozen-part.ts";
import type { FrozenRun } from "./run-frozen-part.ts";
import type { Control, StageOptions } from "./run-stage.ts";
import type { Settings } from "./settings.ts";
import type { Stage } from "./stage.ts";
import type { StageTime } from "./stage-end.ts";
import type { Student } from "./student.ts";

/** Computes the features and builds the stage that trains the head on them; nothing where the run is aborted meanwhile. */
export async function* prepareHead(
  student: Student,
  context: Context,
): AsyncGenerator<FineTuneEvent, Stage | undefined> {
  const run = yield* headFeatures(student, context);
  return run && headStageOn(run, student, context);
}

/** The stage that trains the head on features that were computed. */
export function headStageOn(run: FrozenRun, student: Student, { settings, outputs }: Context): Stage {
  return headStage(student, settings, run.train, run.validation, outputs.names.length, outputs);
}

/** The features of all photos, held in memory; nothing where the run is aborted meanwhile. */
export async function* headFeatures(
  student: Student,
  context: Context,
): AsyncGenerator<FineTuneEvent, FrozenRun | undefined> {
  const { featureStore } = context.options.platform;
  return yield* runFrozenPart(
    student,
    {
      value: student.features,
      shape: [student.width],
      type: "float32",
      inMemory: true,
      open: featureStore && (async ({ signature }) => rowsIn(await featureStore(signature, student.width))),
    },
    context,
  );
}

/** A store of feature vectors as one of bytes. */
function rowsIn(store: FeatureStore): ActivationStore {
  return {
    get: async (key) => {
      const features = store.get(key);
      return features && toBytes(features);
    },
    put: async (key, record) => store.put(key, fromBytes("float32", record) as Float32Array),
    close: () => store.close(),
  };
}

/** Gives the network the BatchNorm it is trained with, or random weights. */
export async function* prepareNetwork(student: Student, context: Context): AsyncGenerator<FineTuneEvent, Student> {
  const { options, settings, photos } = context;
  if (settings.mode === "scratch") {
    yield note("starting from random weights");
    const fresh = withBatchNorm(student);
    return { ...fresh, graph: reinitialise(fresh.graph, settings.seed, fresh.operators) };
  }
  const { student: unfolded, restored } = await unfold(student, settings, photos, options.platform);
  yield* batchNormNotes(unfolded.graph, restored, settings);
  return unfolded;
}

/** How BatchNormalization is treated in what is trained. */
export function* batchNormNotes(graph: Graph, restored: number, settings: Settings): Generator<FineTuneEvent> {
  if (restored > 0)
    yield note(`BatchNorm was folded into ${restored} convolutions: restored with the statistics of your photos`);
  const form = batchNormForm(graph, settings);
  if (form !== "none")
    yield note(`BatchNorm uses ${form === "batch" ? "the statistics of each batch" : "its stored statistics"}`);
}

/** What a stage runs with: from its checkpoint, where the run is resumed in it. */
export async function stageOptions(stage: Stage, context: Context, stepsBefore: number): Promise<StageOptions> {
  const { options, settings, control, fingerprint, resumed } = context;
  const here = resumed?.saved.stage === stage.name ? resumed : undefined;
  const from: Progress | undefined = here?.saved.progress;
  const before = here?.stages.get(stage.name);
  return {
    settings,
    platform: options.platform,
    // only the stage that trains every layer is limited
    control: stage.name === "head" ? headControl(control) : control,
    fingerprint,
    stepsBefore,
    samples: options.dataset.train,
    time: stageTime(stage, context),
    ...(options.signal ? { signal: options.signal } : {}),
    ...(here && from ? { from, state: here.checkpoint.tensors } : {}),
    ...(here?.saved.formulations ? { formulations: here.saved.formulations } : {}),
    rate: here?.saved.rate,
    watched: here?.saved.watched,
    ...(before ? { best: before.best } : {}),
  };
}

function stageTime(stage: Stage, { time, settings, options: { dataset } }: Context): StageTime | undefined {
  return (
    time && {
      budget: time,
      isLast: stage.name === "network" || settings.mode === "frozen",
      trainPhotos: dataset.train.length,
      validationPhotos: dataset.validation.length,
    }
  );
}

function headControl(control: Control): Control {
  return {
    limit: Infinity,
    get stopped() {
      return control.stopped;
    },
  };
}

/** A line for the log. */
export function note(text: string): FineTuneEvent {
  return { kind: "note", text };
}
