import { qualityOf } from "../train/evaluate.ts";
import { withoutGradient } from "../autodiff/differentiate.ts";
import { ToolkitError } from "../errors.ts";
import { readMetadata } from "../export/metadata.ts";
import { firstFilters } from "../report/first-filters.ts";
import { naturalSize } from "../export/source-model.ts";
import type { Graph } from "../graph/ir.ts";
import { cut } from "../passes/cut.ts";
import { parametersOf } from "../passes/parameters.ts";
import { checkPictures } from "./check-pictures.ts";
import { checkTargets } from "./check-targets.ts";
import { openContext } from "./context.ts";
import type { Context } from "./context.ts";
import type { FineTuneEvent, FineTuneResult, StageName, StageResult } from "./events.ts";
import { exportStudent } from "./export-student.ts";
import type { FineTuneOptions } from "./fine-tune.ts";
import { cachePlan } from "./cache-plan.ts";
import { expectUpdates } from "./expect-updates.ts";
import { networkStage, plannedForm } from "./network-stage.ts";
import { outputsOf } from "./output-heads.ts";
import { partialCut } from "./partial-cut.ts";
import { preparePartial } from "./prepare-partial.ts";
import { pixelStage } from "./pixel-stage.ts";
import type { PartialStage } from "./prepare-partial.ts";
import { note, prepareHead, prepareNetwork, stageOptions } from "./prepare-stage.ts";
import { runStage } from "./run-stage.ts";
import type { Control, StageOutcome } from "./run-stage.ts";
import { probeInputs } from "./probes/probe-inputs.ts";
import { probeResult } from "./probes/probe-result.ts";
import type { HeadSetting } from "./head-settings.ts";
import { isPartial, settle } from "./settings.ts";
import { providerOf } from "../runtime/runtime.ts";
import type { Provider } from "../runtime/runtime.ts";
import type { Settings } from "./settings.ts";
import type { Best } from "./stage.ts";
import { graft, withWeights } from "./student.ts";
import { teacherOf } from "./teacher.ts";
import type { Teacher } from "./teacher.ts";
import type { Student } from "./student.ts";

/** The best weights of a run so far, applied to the network they belong to. */
interface Candidate {
  readonly student: Student;
  readonly best: Best;
}

/** A fine-tuning run from the source to the exported bytes, as the events it tells. */
export async function* job(options: FineTuneOptions, control: Control): AsyncGenerator<FineTuneEvent, FineTuneResult> {
  const settings = settle(options, naturalSize(options.source), options.dataset);
  checkTargets(settings, options);
  const grafted = graft(options.source, outputsOf(settings, options.dataset).names, settings);
  checkPictures(grafted, settings);
  const trained = trainedPart(grafted, settings, options);
  checkDifferentiable(trained, grafted);
  checkUpdates(grafted, settings, trained, options.dataset.train.length);
  const { teacher } = options;
  const taught = teacher && teacherOf(teacher, options.source, options.dataset.classes, settings);
  const context = await openContext(options, control, settings, grafted);
  yield* introduce(context);
  const stages: StageResult[] = [];
  try {
    yield* probeInputs(context);
    return yield* runStages(context, grafted, stages, taught);
  } catch (error) {
    // stopped between two stages, or while photos were read for something else than training
    if (!options.signal?.aborted || error !== options.signal.reason) throw error;
    return { ...emptyResult(context), stages };
  }
}

/** Share of a time limit below which another stage is not begun. */
const LEAST_TIME = 0.1;

/** The stages one after the other, and the export. `stages` gets the result of each. */
async function* runStages(
  context: Context,
  grafted: Student,
  stages: StageResult[],
  teacher: Teacher | undefined,
): AsyncGenerator<FineTuneEvent, FineTuneResult> {
  const { options, settings, control } = context;
  const names = stagesOf(settings);
  let student = grafted;
  let chosen: Candidate | undefined;
  let stepsBefore = 0;
  for (const [index, name] of names.entries()) {
    if (context.resumed && names.indexOf(context.resumed.saved.stage) > index) {
      stepsBefore += settings.headEpochs * Math.ceil(options.dataset.train.length / settings.batchSize);
      const ended = context.resumed.stages.get(name);
      if (!ended) continue;
      const { best, final = best.evaluation } = ended;
      stages.push({ stage: name, final, best: best.evaluation, bestEpoch: best.epoch });
      chosen = { student, best };
      student = withWeights(student, best.weights);
      continue;
    }
    if (chosen && context.time && context.time.leftMs() < LEAST_TIME * context.time.limitMs) {
      yield note(`time limit: no time is left for the stage ${name}`);
      break;
    }
    const prepared: PartialStage | undefined = yield* prepare(name, student, context, teacher);
    if (!prepared) return { ...emptyResult(context), stages };
    const { stage } = prepared;
    student = prepared.student;
    const { epochs, stepsPerEpoch } = stage;
    let outcome: StageOutcome;
    try {
      yield { kind: "stage", stage: name, index, count: names.length, epochs, steps: epochs * stepsPerEpoch };
      outcome = yield* runStage(stage, await stageOptions(stage, context, stepsBefore));
    } finally {
      await stage.release?.();
    }
    if (outcome.aborted) return { ...emptyResult(context), stages };
    stages.push(...resultOf(name, outcome));
    chosen = choose(chosen, student, outcome, settings);
    if (outcome.failure !== undefined) {
      yield* rescue(chosen, stages, context);
      throw outcome.failure;
    }
    const kept = settings.keep === "last" ? outcome.last : outcome.best;
    if (kept) student = withWeights(student, kept.weights);
    stepsBefore += epochs * stepsPerEpoch;
    if (control.stopped) break;
  }
  return yield* finish(chosen, stages, context);
}

/** A stage, and the network as it was made ready for it. */
async function* prepare(
  name: StageName,
  student: Student,
  context: Context,
  teacher: Teacher | undefined,
): AsyncGenerator<FineTuneEvent, PartialStage | undefined> {
  const { settings, photos, outputs } = context;
  if (name === "head") {
    const stage = yield* prepareHead(student, context);
    return stage && { student, stage };
  }
  if (isPartial(settings)) return yield* preparePartial(student, context);
  const network = yield* prepareNetwork(student, context);
  const stage = networkStage(network, settings, photos, outputs.names.length, { teacher, heads: outputs.heads });
  return { student: network, stage: pixelStage(stage, network, context) };
}

function stagesOf({ mode }: Settings): readonly StageName[] {
  if (mode === "frozen") return ["head"];
  return mode === "staged" ? ["head", "network"] : ["network"];
}

/** What the settings let train of a network. @throws E_SETTING where its frozen part cannot be cut off, or cached */
function trainedPart(student: Student, settings: Settings, { dataset, platform }: FineTuneOptions): Graph {
  const { graph, features, logits, width } = student;
  const { mode, views } = settings;
  // features are held in memory
  if (mode !== "partial" && views > 1)
    cachePlan({ value: features, shape: [width] }, { ...settings, cacheType: "float32" }, dataset, {});
  if (mode === "frozen") return cut(graph, { inputs: [features], outputs: [logits] });
  if (!isPartial(settings)) return graph;
  const where = partialCut(student, settings);
  cachePlan(where, settings, dataset, platform);
  return where.tail;
}

/**
 * Refuses what would end before its first update before anything is trained. Photos that cannot be read are counted here: the stages look again.
 * @throws E_SETTING
 */
function checkUpdates(student: Student, settings: Settings, trained: Graph, photos: number): void {
  const { mode, accumulate, epochs, headEpochs, batchSize, maxSteps = Infinity } = settings;
  const rows = Math.max(1, Math.min(batchSize, photos));
  // the head of staged is trained plainly
  if (mode === "frozen") return expectUpdates("head", accumulate, headEpochs * Math.ceil(photos / rows));
  const isFull = plannedForm(student, settings, trained) === "batch";
  const stepsPerEpoch = isFull ? Math.floor(photos / rows) : Math.ceil(photos / rows);
  expectUpdates("network", accumulate, Math.min(epochs * stepsPerEpoch, maxSteps));
}

/** @throws E_NO_GRADIENT naming the nodes, before any photo is read */
function checkDifferentiable(trained: Graph, { graph, operators }: Student): void {
  const parameters = parametersOf(graph, operators).filter((name) => trained.constants.has(name));
  const [output] = trained.outputs;
  const missing = output ? withoutGradient(trained, output, parameters, operators) : [];
  const [first] = missing;
  if (!first) return;
  const names = missing.map((node) => `${node.op} "${node.name ?? node.outputs[0]?.name ?? ""}"`).join(", ");
  throw new ToolkitError("E_NO_GRADIENT", `Cannot train every layer: there is no gradient for ${names}`, {
    hint: "train the layers behind them with --train-from, the head alone with --mode frozen, or hand in an operator table with the rule",
  });
}

/** Where ONNX Runtime takes the casts to float16 and back away. */
const FLOAT32_ALONE: ReadonlySet<Provider> = new Set(["cpu", "wasm"]);

function* introduce(context: Context): Generator<FineTuneEvent> {
  const { options, settings, resumed } = context;
  const { dataset, source, platform } = options;
  if (platform.deviceNote !== undefined) yield note(platform.deviceNote);
  if (settings.precision === "mixed" && FLOAT32_ALONE.has(providerOf(platform.runtime)))
    yield note("mixed precision: the processor computes in float32 all the same, only more slowly; leave it out here");
  yield note(
    `${dataset.train.length} photos to train, ${dataset.validation.length} to validate, ${outputsText(context)}; ${source.name} at ${settings.sizePx} px`,
  );
  // random weights have not seen any pictures yet
  if (!source.mean && settings.mode !== "scratch" && !readMetadata(source.model, source.name)) {
    yield note(
      "the model does not say how its inputs were normalised: assuming ImageNet's mean and std (--mean, --std)",
    );
  }
  if (settings.heads) {
    for (const head of settings.heads) yield note(headNote(head));
  } else if (settings.loss.name !== "cross-entropy" || options.teacher) {
    const taught = options.teacher ? ` and ${options.teacher.name}'s answers` : "";
    const measured = dataset.isMultiLabel ? "binary cross-entropy" : "cross-entropy";
    yield note(`trained on ${settings.loss.name}${taught}; the validation loss is ${measured}`);
  }
  for (const text of resumed?.notes ?? []) yield note(text);
  if (resumed) yield note(`going on from ${resumed.saved.stage} step ${resumed.saved.progress.step}`);
  else if (options.resume) yield note("no checkpoint had been written: starting at the beginning");
}

function outputsText({ settings: { heads }, options: { dataset } }: Context): string {
  if (!heads) return `${dataset.classes.length} classes`;
  return heads.length === 1 ? "one head" : `${heads.length} heads`;
}

function headNote({ name, task, target, outputs, loss, weight }: HeadSetting): string {
  const what = task === "numbers" ? target.join(", ") : `${outputs} ${task}`;
  return `head "${name}": ${what}; trained on ${loss.name}${weight === 1 ? "" : `, times ${weight}`}`;
}

function resultOf(stage: StageName, { last, best, ended }: StageOutcome): readonly StageResult[] {
  if (!last || !best) return [];
  const early = ended === undefined ? {} : { ended };
  return [{ stage, final: last.evaluation, best: best.evaluation, bestEpoch: best.epoch, ...early }];
}

/** Under "last" the last epoch, else the best one (or the mean of several) of any stage. */
function choose(
  before: Candidate | undefined,
  student: Student,
  outcome: StageOutcome,
  { keep }: Settings,
): Candidate | undefined {
  const kept = keep === "last" ? (outcome.last ?? outcome.best) : outcome.best;
  if (!kept) return before;
  const now = { student, best: kept };
  if (keep === "last" || !before) return now;
  return qualityOf(kept.evaluation) >= qualityOf(before.best.evaluation) ? now : before;
}

/** Exports the best there was before a failure. */
async function* rescue(
  chosen: Candidate | undefined,
  stages: readonly StageResult[],
  context: Context,
): AsyncGenerator<FineTuneEvent> {
  const result = yield* finish(chosen, stages, context);
  if (result.model) yield { kind: "rescued", result };
  else yield note("no epoch had ended: nothing was exported");
}

async function* finish(
  chosen: Candidate | undefined,
  stages: readonly StageResult[],
  context: Context,
): AsyncGenerator<FineTuneEvent, FineTuneResult> {
  for (const file of context.bad.values()) yield { kind: "bad", file };
  if (!chosen) return { ...emptyResult(context), stages };
  const { options, settings, photos, normalisation, outputs } = context;
  const { evaluation, weights, epoch } = chosen.best;
  yield* probeResult(evaluation, options.dataset);
  const trained = withWeights(chosen.student, weights);
  const { model, parity } = await exportStudent(trained, {
    options,
    settings,
    photos,
    normalisation,
    outputs,
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
    filters: firstFilters(chosen.student.graph, trained.graph),
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
