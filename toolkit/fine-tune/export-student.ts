import { encodeModel } from "../onnx/encode.ts";
import { inferenceModel } from "../export/inference-model.ts";
import type { ModelMetadata } from "../export/metadata.ts";
import { checkParity, compareProbabilities } from "../export/parity.ts";
import type { Parity } from "../export/parity.ts";
import type { Sample } from "../data/sample.ts";
import type { TensorData } from "../graph/tensor.ts";
import type { Normalisation } from "../images/to-input.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Evaluation } from "../train/evaluate.ts";
import { VERSION } from "../version.ts";
import type { FineTuneOptions } from "./fine-tune.ts";
import type { PixelPhotos } from "./photos.ts";
import type { Settings } from "./settings.ts";
import type { Student } from "./student.ts";

/** Validation photos that the exported file is checked on, spread over all of them: a fault in the file shows on any photo. */
const PARITY_PHOTOS = 64;

export interface ExportContext {
  readonly options: FineTuneOptions;
  readonly settings: Settings;
  readonly photos: PixelPhotos;
  readonly normalisation: Normalisation;
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
  const { options } = context;
  const model = encodeModel(
    inferenceModel(student.graph, {
      metadata: metadataFor(student, context),
      features: student.features,
      input: "pixels",
      operators: student.operators,
    }),
  );
  const { runtime } = options.platform;
  const parity = checkParity(await measureParity(runtime, model, context));
  return { model, parity };
}

function metadataFor(
  student: Student,
  { options, settings, normalisation, evaluation, epoch }: ExportContext,
): ModelMetadata {
  const { source, dataset } = options;
  return {
    version: 1,
    toolkit: VERSION,
    labels: [...dataset.classes],
    preprocessing: {
      sizePx: settings.sizePx,
      resizePx: settings.resizePx,
      mean: [...normalisation.mean],
      std: [...normalisation.std],
    },
    trainingInput: student.input,
    activation: evaluation.several ? "sigmoid" : "softmax",
    temperature: 1,
    ...(evaluation.several ? { thresholds: evaluation.several.perClass.map((c) => c.threshold) } : {}),
    rulesVersion: 1,
    training: {
      mode: settings.mode,
      epochs: epoch,
      seed: settings.seed,
      trainImages: dataset.train.length,
      validationImages: dataset.validation.length,
      top1: evaluation.top1,
      loss: evaluation.loss,
    },
    baseModel: {
      name: source.name,
      sha256: source.sha256,
      ...(source.licence === undefined ? {} : { licence: source.licence }),
    },
  };
}

async function measureParity(
  runtime: Runtime,
  model: Uint8Array,
  { photos, evaluation, options }: ExportContext,
): Promise<Parity> {
  const { classes, indices, probabilities } = evaluation;
  const rows = spread(indices.length, PARITY_PHOTOS);
  const samples = rows.map((row) => options.dataset.validation[indices[row] ?? -1] as Sample);
  const trained: number[] = [];
  const exported: number[] = [];
  const session = await runtime.load(model, { sharesCores: true });
  try {
    for await (const batch of photos.servedPixels(samples)) {
      const out = await session.run({ feeds: batch.inputs, fetch: ["probabilities"] });
      const data = (out.get("probabilities") as TensorData).data as Float32Array;
      for (let i = 0; i < batch.count; i++) {
        const row = rows[batch.indices[i] ?? -1] ?? 0;
        trained.push(...probabilities.subarray(row * classes, (row + 1) * classes));
        exported.push(...data.subarray(i * classes, (i + 1) * classes));
      }
    }
  } finally {
    await session.release();
  }
  return compareProbabilities(runtime.name, Float32Array.from(trained), Float32Array.from(exported), classes);
}

/** At most `most` of the numbers below `count`, evenly spread. */
function spread(count: number, most: number): readonly number[] {
  const wanted = Math.min(count, most);
  return Array.from({ length: wanted }, (_, i) => Math.floor((i * count) / wanted));
}
