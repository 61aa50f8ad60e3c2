import type { OutputHead } from "../data/heads.ts";
import type { Graph } from "../graph/ir.ts";
import { batchNormAsWeights } from "../passes/batch-norm-as-weights.ts";
import { batchNormTraining } from "../passes/batch-norm-training.ts";
import type { BatchStatistics } from "../passes/batch-norm-training.ts";
import { mergeTeacher } from "../passes/merge-teacher.ts";
import { depthsOf, parametersOf } from "../passes/parameters.ts";
import { restorable, restoreBatchNorm } from "../passes/restore-batch-norm.ts";
import { trainingDropout } from "../passes/training-dropout.ts";
import { measureChannels, withChannelStatistics } from "../train/channel-statistics.ts";
import { buildStep, constantsAsInputs } from "../train/step.ts";
import { unitAxesOf } from "../passes/unit-axes.ts";
import { expectUpdates } from "./expect-updates.ts";
import type { Platform } from "./platform.ts";
import type { Photos } from "./photos.ts";
import { dropoutMasks } from "./dropout-masks.ts";
import { rateFactors, recipeOf, teachersLoss } from "./recipe.ts";
import type { Settings } from "./settings.ts";
import { encodeGraph } from "../train/encode-graph.ts";
import type { Stage } from "./stage.ts";
import type { Student } from "./student.ts";
import type { Teacher } from "./teacher.ts";

/** Photos that are enough to estimate a channel's mean and variance. */
const STATISTICS_PHOTOS = 256;
/** From this batch size on, a batch's own statistics are good enough to normalise with. */
const BATCH_STATISTICS_FROM = 16;

/** How BatchNormalization is treated while every layer is trained. */
export type BatchNormForm = "batch" | "frozen" | "none";

/** The pictures of a stage, or what a frozen part has made of them. */
export type StagePhotos = Omit<Photos, "evaluation">;

/**
 * Gives a folded network its BatchNormalization back, with statistics of the user's own photos; anything else is returned as it is.
 * Without it full fine-tuning of a folded export diverges at the usual rates. Where a `part` of the network reads the photos' batches, only that is unfolded.
 */
export async function unfold(
  student: Student,
  settings: Settings,
  photos: Pick<StagePhotos, "sampled">,
  platform: Pick<Platform, "runtime">,
  part: Graph = student.graph,
): Promise<{ readonly student: Student; readonly restored: number }> {
  const outputs = toRestore(student, settings, part);
  if (outputs.length === 0) return { student, restored: 0 };
  const session = await platform.runtime.load(
    encodeGraph(withChannelStatistics(part, outputs, student.operators)),
    settings.threads === undefined ? {} : { threads: settings.threads },
  );
  try {
    const statistics = await measureChannels(session, outputs, photos.sampled(STATISTICS_PHOTOS));
    const graph = restoreBatchNorm(student.graph, statistics, student.operators);
    return { student: { ...student, graph }, restored: outputs.length };
  } finally {
    await session.release();
  }
}

/** The convolutions in a part of the network, by their outputs, that `unfold` gives their BatchNormalization back. */
function toRestore({ graph }: Student, { batchNorm }: Settings, part: Graph): readonly string[] {
  if (batchNorm === "keep") return [];
  const made = new Set(part.nodes.flatMap((node) => node.outputs.map((v) => v.name)));
  const found = restorable(graph, { asked: batchNorm !== "auto" }).map((v) => v.name);
  return found.filter((name) => made.has(name));
}

/** Which form the settings ask for, on this network. */
export function batchNormForm(graph: Graph, settings: Settings): BatchNormForm {
  return formWhere(
    graph.nodes.some((n) => n.op === "BatchNormalization"),
    settings,
  );
}

/** The same for a part of a network that `unfold` has not been given yet. */
export function plannedForm(student: Student, settings: Settings, part: Graph): BatchNormForm {
  const isNormed = part.nodes.some((n) => n.op === "BatchNormalization");
  const isRestored =
    settings.mode === "scratch" ? restorable(student.graph).length > 0 : toRestore(student, settings, part).length > 0;
  return formWhere(isNormed || isRestored, settings);
}

function formWhere(isNormed: boolean, { batchNorm, batchSize, mode }: Settings): BatchNormForm {
  if (!isNormed || batchNorm === "keep") return "none";
  if (batchNorm !== "auto") return batchNorm;
  return mode === "scratch" || batchSize >= BATCH_STATISTICS_FROM ? "batch" : "frozen";
}

export interface NetworkStageOptions {
  /** What the outputs say, where they are not one of some classes, or labels, alone. */
  readonly heads?: readonly OutputHead[] | undefined;
  readonly teacher?: Teacher | undefined;
  /** The network that the student is the last part of, where it is not whole: what is a weight, and how deep it lies, is seen there. */
  readonly whole?: Graph;
}

/**
 * The stage that trains every layer of the student, towards the labels and the teacher's logits where there is one.
 * @throws E_SETTING where it ends before its first update
 */
export function networkStage(
  student: Student,
  settings: Settings,
  photos: StagePhotos,
  classes: number,
  { teacher, heads, whole = student.graph }: NetworkStageOptions = {},
): Stage {
  // the student's own rule where both know an operator
  const operators = teacher ? new Map([...teacher.operators, ...student.operators]) : student.operators;
  const form = batchNormForm(student.graph, settings);
  const { training, forward, statistics } = formsOf(student, form);
  const parameters = parametersOf(whole, operators).filter((name) => student.graph.constants.has(name));
  const { graph, masks } = trainingDropout(training, operators);
  const stepsPerEpoch = photos.stepsPerEpoch(form === "batch");
  const { schedule, ...recipe } = recipeOf("network", settings, stepsPerEpoch);
  expectUpdates("network", recipe.accumulate, Math.min(settings.epochs * stepsPerEpoch, settings.maxSteps ?? Infinity));
  const step = buildStep(
    teacher ? mergeTeacher(graph, teacher.graph, { logits: student.logits }, operators).graph : graph,
    {
      ...recipe,
      ...(teacher ? { loss: teachersLoss(settings) } : {}),
      parameters,
      logits: student.logits,
      rateFactors: rateFactors(depthsOf(whole, operators), settings.stemFactor),
      unitAxes: unitAxesOf(student.graph),
      statistics,
    },
    operators,
  );
  const averaged = statistics.flatMap((s) => [s.runningMean, s.runningVariance]);
  return {
    name: "network",
    step,
    forward: constantsAsInputs(forward, [...parameters, ...averaged]).graph,
    logits: student.logits,
    classes,
    ...(heads ? { heads } : {}),
    operators,
    dims: photos.dims(student.graph),
    batches: (epoch, position) => photos.training(epoch, position, form === "batch"),
    validation: () => photos.validation(),
    stepsPerEpoch,
    epochs: settings.epochs,
    schedule,
    extras: dropoutMasks(masks, photos.rows, settings.seed),
  };
}

/** The graph that is differentiated, and the one that evaluates with the same weights. */
export function formsOf(
  { graph, operators }: Student,
  form: BatchNormForm,
): { training: Graph; forward: Graph; statistics: readonly BatchStatistics[] } {
  if (form === "none") return { training: graph, forward: graph, statistics: [] };
  if (form === "frozen") {
    const weights = batchNormAsWeights(graph, operators);
    return { training: weights, forward: weights, statistics: [] };
  }
  const { graph: training, statistics } = batchNormTraining(graph, operators);
  return { training, forward: graph, statistics };
}

/** A folded network with BatchNormalization of unit statistics: training from random weights always wants it. */
export function withBatchNorm(student: Student): Student {
  const outputs = restorable(student.graph);
  if (outputs.length === 0) return student;
  const statistics = outputs.map((v) => {
    const channels = v.shape[1] as number;
    return [v.name, { mean: new Float32Array(channels), variance: new Float32Array(channels).fill(1) }] as const;
  });
  return { ...student, graph: restoreBatchNorm(student.graph, new Map(statistics), student.operators) };
}
