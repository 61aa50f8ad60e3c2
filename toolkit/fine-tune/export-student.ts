import { encodeModel } from "../onnx/encode.ts";
import { inferenceModel } from "../export/inference-model.ts";
import type { ModelMetadata } from "../export/metadata.ts";
import { checkParity, compareProbabilities } from "../export/parity.ts";
import type { Parity } from "../export/parity.ts";
import type { TensorData } from "../graph/tensor.ts";
import type { Normalisation } from "../images/to-input.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { TrainBatch } from "../train/batch.ts";
import type { Evaluation } from "../train/evaluate.ts";
import { VERSION } from "../version.ts";
import type { FineTuneOptions } from "./fine-tune.ts";
import type { Photos } from "./photos.ts";
import type { Settings } from "./settings.ts";
import type { Student } from "./student.ts";

/** Validation photos that the exported file is checked on. */
const PARITY_PHOTOS = 500;

export interface ExportContext {
  readonly options: FineTuneOptions;
  readonly settings: Settings;
  readonly photos: Photos;
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
  const { options, evaluation, photos, normalisation } = context;
  const model = encodeModel(
    inferenceModel(student.graph, {
      metadata: metadataFor(student, context),
      features: student.features,
      input: "pixels",
      operators: student.operators,
    }),
  );
  const { runtime } = options.platform;
  const parity = checkParity(await measureParity(runtime, model, photos, normalisation, evaluation));
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
    activation: "softmax",
    temperature: 1,
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
  photos: Photos,
  normalisation: Normalisation,
  evaluation: Evaluation,
): Promise<Parity> {
  const { classes } = evaluation;
  const expected = new Map(Array.from(evaluation.indices, (index, row) => [index, row]));
  const trained: number[] = [];
  const exported: number[] = [];
  const session = await runtime.load(model);
  try {
    let seen = 0;
    for await (const batch of photos.validation()) {
      const out = await session.run({
        feeds: new Map([["image", pixelsOf(batch, normalisation)]]),
        fetch: ["probabilities"],
      });
      const data = (out.get("probabilities") as TensorData).data as Float32Array;
      for (let i = 0; i < batch.count; i++) {
        const row = expected.get(batch.indices[i] ?? -1);
        if (row === undefined) continue;
        trained.push(...evaluation.probabilities.subarray(row * classes, (row + 1) * classes));
        exported.push(...data.subarray(i * classes, (i + 1) * classes));
      }
      seen += batch.count;
      if (seen >= PARITY_PHOTOS) break;
    }
  } finally {
    await session.release();
  }
  return compareProbabilities(runtime.name, Float32Array.from(trained), Float32Array.from(exported), classes);
}

/** The 8-bit picture [N,H,W,3] that a normalised input [N,3,H,W] was made from. */
function pixelsOf(batch: TrainBatch, { mean, std }: Normalisation): TensorData {
  const [input] = [...batch.inputs.values()];
  const { shape, data } = input as TensorData;
  const [rows = 0, , height = 0, width = 0] = shape;
  const area = height * width;
  const pixels = new Uint8Array(rows * area * 3);
  for (let row = 0; row < rows; row++) {
    for (let c = 0; c < 3; c++) {
      const start = (row * 3 + c) * area;
      for (let i = 0; i < area; i++) {
        pixels[(row * area + i) * 3 + c] = Math.round((Number(data[start + i]) * (std[c] ?? 1) + (mean[c] ?? 0)) * 255);
      }
    }
  }
  return { dtype: "uint8", shape: [rows, height, width, 3], data: pixels };
}
