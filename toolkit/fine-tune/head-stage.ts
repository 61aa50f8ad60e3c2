import { samplingOf, samplingOrder } from "../data/sampling.ts";
import type { Graph } from "../graph/ir.ts";
import { cut } from "../passes/cut.ts";
import { foldBatchNorm } from "../passes/fold-batch-norm.ts";
import { parametersOf } from "../passes/parameters.ts";
import { trainingDropout } from "../passes/training-dropout.ts";
import { unitAxesOf } from "../passes/unit-axes.ts";
import { buildStep, constantsAsInputs } from "../train/step.ts";
import { activationBatches } from "./activation-batches.ts";
import type { Activations } from "./activations.ts";
import { dropoutMasks } from "./dropout-masks.ts";
import { expectUpdates } from "./expect-updates.ts";
import type { Outputs } from "./output-heads.ts";
import { recipeOf } from "./recipe.ts";
import type { Settings } from "./settings.ts";
import type { Stage } from "./stage.ts";
import type { Student } from "./student.ts";

/** Rows per step over cached features: they cost nothing, so batches are larger than a network's. */
const EVALUATION_ROWS = 256;

/** The part of the student up to a value that is frozen, as an inference graph with constant weights and BatchNorm folded: what runs fastest. */
export function frozenGraph({ graph }: Student, value: string): Graph {
  return foldBatchNorm(cut(graph, { outputs: [value] }));
}

/**
 * The stage that trains the head on cached features.
 * @throws E_SETTING where it ends before its first update
 */
export function headStage(
  student: Student,
  settings: Settings,
  train: Activations,
  validation: Activations,
  classes: number,
  { targets, heads }: Pick<Outputs, "targets" | "heads"> = {},
): Stage {
  const head = cut(student.graph, { inputs: [student.features], outputs: [student.logits] });
  const { operators } = student;
  const parameters = parametersOf(head, operators);
  const { graph, masks } = trainingDropout(head, operators);
  const { usable, views } = train;
  const sampling = samplingOf(train.samples, settings);
  const rows = Math.min(settings.batchSize, usable.length);
  const stepsPerEpoch = Math.ceil(usable.length / rows);
  const { schedule, ...recipe } = recipeOf("head", settings, stepsPerEpoch);
  expectUpdates("head", recipe.accumulate, settings.headEpochs * stepsPerEpoch);
  const unitAxes = unitAxesOf(head);
  const step = buildStep(graph, { ...recipe, parameters, logits: student.logits, unitAxes }, operators);
  return {
    name: "head",
    step,
    forward: constantsAsInputs(head, parameters).graph,
    logits: student.logits,
    classes,
    ...(heads ? { heads } : {}),
    operators,
    dims: new Map(),
    batches: (epoch, position) =>
      activationBatches(train, {
        input: student.features,
        size: rows,
        order: samplingOrder(usable, sampling, settings.seed, epoch),
        position,
        view: epoch % views,
        weights: sampling.loss,
        targets,
      }),
    validation: () =>
      activationBatches(validation, {
        input: student.features,
        size: EVALUATION_ROWS,
        order: validation.usable,
        position: 0,
        view: 0,
        targets,
      }),
    stepsPerEpoch,
    epochs: settings.headEpochs,
    schedule,
    extras: dropoutMasks(masks, rows, settings.seed),
    // a step takes less than a thread takes to wake up
    threads: 1,
  };
}
