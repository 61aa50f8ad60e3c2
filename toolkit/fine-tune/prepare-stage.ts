import { reinitialise } from "../passes/reinitialise.ts";
import type { Progress } from "../train/train.ts";
import { savedStage } from "./context.ts";
import type { Context } from "./context.ts";
import type { FineTuneEvent } from "./events.ts";
import { backboneModel, computeFeatures, headStage } from "./head-stage.ts";
import type { FeatureTable } from "./head-stage.ts";
import { batchNormForm, unfold, withBatchNorm } from "./network-stage.ts";
import type { Control, StageOptions } from "./run-stage.ts";
import type { Stage } from "./stage.ts";
import type { Student } from "./student.ts";

/** Computes the features and builds the stage that trains the head on them; nothing where the run is aborted meanwhile. */
export async function* prepareHead(
  student: Student,
  context: Context,
): AsyncGenerator<FineTuneEvent, Stage | undefined> {
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
        if (options.signal?.aborted) return undefined;
        yield { kind: "features", done: before + item.value, total };
      }
      tables.push(item.value);
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

/** Gives the network the BatchNorm it is trained with, or random weights. */
export async function* prepareNetwork(student: Student, context: Context): AsyncGenerator<FineTuneEvent, Student> {
  const { options, settings, photos } = context;
  if (settings.mode === "scratch") {
    yield note("starting from random weights");
    const fresh = withBatchNorm(student);
    return { ...fresh, graph: reinitialise(fresh.graph, settings.seed, fresh.operators) };
  }
  const { student: unfolded, restored } = await unfold(student, settings, photos, options.platform);
  if (restored > 0)
    yield note(`BatchNorm was folded into ${restored} convolutions: restored with the statistics of your photos`);
  const form = batchNormForm(unfolded.graph, settings);
  if (form !== "none")
    yield note(`BatchNorm uses ${form === "batch" ? "the statistics of each batch" : "its stored statistics"}`);
  return unfolded;
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
