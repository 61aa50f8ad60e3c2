import { errorMessage } from "../errors.ts";
import type { Graph } from "../graph/ir.ts";
import { printGraph } from "../graph/print.ts";
import { fillUniform } from "../graph/random.ts";
import { allocate, float32, scalar, sizeOf } from "../graph/tensor.ts";
import type { TensorData } from "../graph/tensor.ts";
import { formulationNames } from "../lowering/formulations.ts";
import { providerOf } from "../runtime/runtime.ts";
import type { Provider, Tensors } from "../runtime/runtime.ts";
import { learnBlockSize } from "../train/block-size.ts";
import { repeatsOn } from "../train/repeats-on.ts";
import { stackFeeds } from "../train/stack-feeds.ts";
import { STEP } from "../train/step.ts";
import { VERSION } from "../version.ts";
import { autotune } from "./autotune.ts";
import type { Candidate, Tuning } from "./autotune.ts";
import type { FineTuneEvent } from "./events.ts";
import { writeStep } from "./formulations.ts";
import type { Formulations, WrittenStep } from "./formulations.ts";
import type { StageOptions } from "./run-stage.ts";
import { loadableStep } from "../train/loadable-step.ts";
import type { Stage } from "./stage.ts";

/**
 * Chooses the formulations that are quickest on this machine, where the settings ask for it: those that were found before, else by timing some steps on made-up
 * batches, which change no weight of the run. Nothing where the default is to be taken.
 */
export async function* tuneStage(
  stage: Stage,
  options: Pick<StageOptions, "settings" | "platform" | "control" | "signal">,
): AsyncGenerator<FineTuneEvent, Formulations | undefined> {
  const { settings, platform, control, signal } = options;
  // a head has no convolutions
  if (!settings.autotune || stage.name === "head") return undefined;
  const { runtime, now, tunings } = platform;
  const { step } = stage;
  const threads = stage.threads ?? settings.threads;
  const blockSize = await learnBlockSize(runtime, threads);
  const provider = providerOf(runtime);
  const standard = written(stage, { provider, blockSize }, new Set());
  const machine = tunings && `${tunings.machine}${provider === "cpu" ? "" : `, ${provider}`}`;
  const about = aboutStep(stage, standard, threads, machine);
  const known = readTuning(await tunings?.get(about), blockSize);
  if (known) {
    yield note(`${tuningText(known)}; as measured before`);
    return unlessDefault(known);
  }
  const feeds = madeUpFeeds(standard.lowered.graph, step.state);
  if (!now || !feeds) {
    yield note(`autotune: skipped, as ${now ? "an input of the step has no fixed shape" : "there is no clock"}`);
    return undefined;
  }
  const tuning = yield* autotune({
    runtime,
    now,
    blockSize,
    write: (block, without): Candidate => {
      const form = written(stage, { provider, blockSize: block }, without);
      return { formulations: form.formulations, ...loadableStep(stage, form, { provider, threads }) };
    },
    state: step.initial,
    feeds: repeatsOn(provider) ? stackFeeds([feeds]) : feeds,
    fetch: [STEP.loss, stage.logits],
    isStopped: () => control.stopped,
    ...(signal ? { signal } : {}),
  });
  if (!tuning) {
    if (!control.stopped) yield note("autotune: there is one way to write the step, and nothing to choose");
    return undefined;
  }
  const kept = tunings && (await tunings.set(about, textOf(tuning)).then(() => "kept in the cache", notKept));
  yield note(kept === undefined ? tuningText(tuning) : `${tuningText(tuning)}; ${kept}`);
  return unlessDefault(tuning);
}

function unlessDefault({ formulations, stepMs, defaultMs }: Tuning): Formulations | undefined {
  return stepMs === defaultMs ? undefined : formulations;
}

/** The next run has to measure anew, and this one goes on. */
function notKept(error: unknown): string {
  return `not kept: ${errorMessage(error)}`;
}

function note(text: string): FineTuneEvent {
  return { kind: "note", text };
}

function written(
  { step, dims, operators }: Stage,
  { provider, blockSize }: { readonly provider: Provider; readonly blockSize: number },
  without: ReadonlySet<string>,
): WrittenStep {
  const forms = formulationNames().filter((name) => !without.has(name));
  const chosen = without.size === 0 ? undefined : { blockSize, forms };
  return writeStep(step, { provider, dims, blockSize, operators }, undefined, chosen);
}

/** Everything that the time of a step depends on. */
function aboutStep(
  { dims }: Stage,
  { lowered, formulations }: WrittenStep,
  threads: number | undefined,
  machine: string | undefined,
): string {
  const { blockSize } = formulations;
  const graph = printGraph(lowered.graph);
  return JSON.stringify({ version: VERSION, machine, threads: threads ?? "all", blockSize, dims: [...dims], graph });
}

/** How far from 0 made-up inputs are: about unit variance. */
const SPREAD = 1.7;

/** What a step reads beside the state, made up, with a rate of 0; nothing where a shape is open. A step takes as long whatever the numbers are. */
function madeUpFeeds(graph: Graph, state: ReadonlyMap<string, string>): Tensors | undefined {
  const given = graph.inputs.filter((v) => !state.has(v.name));
  const feeds = new Map<string, TensorData>();
  for (const [i, { name, dtype, shape: dims }] of given.entries()) {
    const shape = dims.filter((dim) => typeof dim === "number");
    if (shape.length < dims.length) return undefined;
    const size = sizeOf(shape);
    const ones = name === STEP.target || name === STEP.weight;
    if (name === STEP.rate || name === STEP.divisor) feeds.set(name, scalar(name === STEP.rate ? 0 : 1));
    else if (dtype !== "float32") feeds.set(name, { dtype, shape, data: allocate(dtype, size) });
    else
      feeds.set(name, float32(shape, ones ? new Float32Array(size).fill(1) : fillUniform(size, 0, i, -SPREAD, SPREAD)));
  }
  return feeds;
}

function tuningText({ formulations: { blockSize }, stepMs, defaultMs }: Tuning): string {
  if (stepMs === defaultMs)
    return `autotune: ${duration(stepMs)} a step as it is by default: in the end nothing was faster`;
  const form = blockSize === 0 ? " in plain operators" : "";
  return `autotune: ${duration(stepMs)} a step${form} instead of ${duration(defaultMs)}`;
}

function duration(ms: number): string {
  return ms < 100 ? `${ms.toPrecision(2)} ms` : `${(ms / 1000).toFixed(2)} s`;
}

function textOf({ formulations: { blockSize, forms }, stepMs, defaultMs }: Tuning): string {
  return `${JSON.stringify({ blockSize, forms, stepMs, defaultMs })}\n`;
}

/** What `textOf` wrote; nothing where it is damaged, or in blocks that this machine does not have. */
function readTuning(text: string | undefined, machineBlockSize: number): Tuning | undefined {
  if (text === undefined) return undefined;
  const names = new Set(formulationNames());
  try {
    const { blockSize, forms, stepMs, defaultMs } = JSON.parse(text) as Partial<Record<string, unknown>>;
    if (blockSize !== 0 && blockSize !== machineBlockSize) return undefined;
    if (typeof stepMs !== "number" || typeof defaultMs !== "number") return undefined;
    if (!Array.isArray(forms) || !forms.every((name) => names.has(name as string))) return undefined;
    return { formulations: { blockSize, forms: forms as string[] }, stepMs, defaultMs };
  } catch {
    return undefined;
  }
}
