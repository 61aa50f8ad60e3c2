import type { Graph } from "../graph/ir.ts";
import { fromBytes, toBytes } from "../graph/tensor.ts";
import { reinitialise } from "../passes/reinitialise.ts";
import type { Progress } from "../train/train.ts";
import { savedStage } from "./context.ts";
import type { Context } from "./context.ts";
import type { FineTuneEvent } from "./events.ts";
import { headStage } from "./head-stage.ts";
import { batchNormForm, unfold, withBatchNorm } from "./network-stage.ts";
import type { ActivationStore, FeatureStore } from "./platform.ts";
import { runFrozenPart } from "./run-frozen-part.ts";
import type { Control, StageOptions } from "./run-stage.ts";
import type { Settings } from "./settings.ts";
import type { Stage } from "./stage.ts";
import type { Student } from "./student.ts";

/** Computes the features and builds the stage that trains the head on them; nothing where the run is aborted meanwhile. */
export async function* prepareHead(
  student: Student,
  context: Context,
): AsyncGenerator<FineTuneEvent, Stage | undefined> {
  const { options, settings } = context;
  const { featureStore } = options.platform;
  const run = yield* runFrozenPart(
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
  return run && headStage(student, settings, run.train, run.validation, options.dataset.classes.length);
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
    ...(here?.saved.formulations ? { formulations: here.saved.formulations } : {}),
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

/** A line for the log. */
export function note(text: string): FineTuneEvent {
  return { kind: "note", text };
}
