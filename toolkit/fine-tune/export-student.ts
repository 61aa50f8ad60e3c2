import { encodeModel } from "../onnx/encode.ts";
import { inferenceModel } from "../export/inference-model.ts";
import type { OutputHead } from "../data/heads.ts";
import type { HeadMetadata, ModelMetadata } from "../export/metadata.ts";
import { checkParity } from "../export/parity.ts";
import type { Parity } from "../export/parity.ts";
import { scaleOutputs } from "../export/scale-outputs.ts";
import type { Normalisation } from "../images/to-input.ts";
import type { Evaluation, HeadEvaluation } from "../train/evaluate.ts";
import { VERSION } from "../version.ts";
import type { FineTuneOptions } from "./fine-tune.ts";
import { measureParity } from "./measure-parity.ts";
import type { Outputs } from "./output-heads.ts";
import type { PixelPhotos } from "./photos.ts";
import type { Settings } from "./settings.ts";
import type { Student } from "./student.ts";

export interface ExportContext {
  readonly options: FineTuneOptions;
  readonly settings: Settings;
  readonly photos: PixelPhotos;
  readonly normalisation: Normalisation;
  readonly outputs: Outputs;
  /** What the training graph said with the weights that are exported. */
  readonly evaluation: Evaluation;
  readonly epoch: number;
}

/**
 * The bytes of model.onnx, after running validation photos through it and comparing with what the training graph said.
 * @throws E_PARITY where they differ
 */
export async function exportStudent(
  student: Student,
  context: ExportContext,
): Promise<{ model: Uint8Array; parity: Parity }> {
  const { options, photos, evaluation, outputs } = context;
  const metadata = metadataFor(student, context);
  const graph = outputs.heads ? scaleOutputs(student.graph, outputs.heads) : student.graph;
  const model = encodeModel(
    inferenceModel(graph, {
      metadata,
      features: student.features,
      input: "pixels",
      operators: student.operators,
    }),
  );
  const { runtime } = options.platform;
  const { validation } = options.dataset;
  const parity = checkParity(await measureParity(model, { runtime, photos, validation, evaluation, metadata }));
  return { model, parity };
}

function metadataFor(
  student: Student,
  { options, settings, normalisation, evaluation, epoch, outputs }: ExportContext,
): ModelMetadata {
  const { source, dataset } = options;
  const { heads } = outputs;
  const main = heads?.find(({ task }) => task !== "numbers");
  return {
    version: 1,
    toolkit: VERSION,
    labels: heads ? [...(main?.names ?? [])] : [...dataset.classes],
    preprocessing: {
      sizePx: settings.sizePx,
      resizePx: settings.resizePx,
      mean: [...normalisation.mean],
      std: [...normalisation.std],
    },
    trainingInput: student.input,
    activation: evaluation.several ? "sigmoid" : heads && !main ? "none" : "softmax",
    temperature: 1,
    ...(evaluation.several ? { thresholds: evaluation.several.perClass.map((c) => c.threshold) } : {}),
    ...(heads ? { heads: heads.map((head, i) => headMetadata(head, evaluation.heads?.[i], settings)) } : {}),
    rulesVersion: 1,
    training: {
      mode: settings.mode,
      epochs: epoch,
      seed: settings.seed,
      trainImages: dataset.train.length,
      validationImages: dataset.validation.length,
      ...(evaluation.classes > 0 ? { top1: evaluation.top1 } : {}),
      loss: evaluation.loss,
    },
    baseModel: {
      name: source.name,
      sha256: source.sha256,
      ...(source.licence === undefined ? {} : { licence: source.licence }),
    },
  };
}

function headMetadata(
  { name, task, names, standard, weight }: OutputHead,
  found: HeadEvaluation | undefined,
  settings: Settings,
): HeadMetadata {
  const several = found?.evaluation.several;
  const column = settings.heads?.find((head) => head.name === name)?.target[0];
  return {
    name,
    task,
    names: [...names],
    ...(task === "numbers" || column === undefined ? {} : { column }),
    ...(several ? { thresholds: several.perClass.map((c) => c.threshold) } : {}),
    ...(standard ? { standard } : {}),
    weight,
  };
}
