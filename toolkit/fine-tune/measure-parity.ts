import type { Sample } from "../data/sample.ts";
import { compareProbabilities } from "../export/parity.ts";
import type { Parity } from "../export/parity.ts";
import type { ModelMetadata } from "../export/metadata.ts";
import type { TensorData } from "../graph/tensor.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Evaluation } from "../train/evaluate.ts";
import type { PixelPhotos } from "./photos.ts";

/** Validation photos that the exported file is checked on, spread over all of them: a fault in the file shows on any photo. */
const PARITY_PHOTOS = 64;

export interface ParityOptions {
  readonly runtime: Runtime;
  readonly photos: PixelPhotos;
  readonly validation: readonly Sample[];
  /** What the training graph said with the weights that are exported. */
  readonly evaluation: Evaluation;
  readonly metadata: ModelMetadata;
}

/** One output of a file, and what training said of the same: rows of so many. */
interface Answers {
  readonly output: string;
  readonly trained: Float32Array;
  readonly width: number;
  /** Of numbers, what each column is divided by: so they are told apart as finely as probabilities. */
  readonly deviations?: readonly number[];
}

/** Runs validation photos through an exported file and compares with what the training graph said: the largest difference of any head. */
export async function measureParity(model: Uint8Array, options: ParityOptions): Promise<Parity> {
  const { runtime, photos, validation, evaluation } = options;
  const rows = spread(evaluation.indices.length, PARITY_PHOTOS);
  const samples = rows.map((row) => validation[evaluation.indices[row] ?? -1] as Sample);
  const answers = answersOf(options);
  const compared = answers.map(() => ({ trained: [] as number[], exported: [] as number[] }));
  const session = await runtime.load(model, { sharesCores: true });
  try {
    for await (const batch of photos.servedPixels(samples)) {
      const out = await session.run({ feeds: batch.inputs, fetch: answers.map(({ output }) => output) });
      for (const [k, { output, trained, width, deviations }] of answers.entries()) {
        const data = (out.get(output) as TensorData).data as Float32Array;
        const scaled = (v: number, i: number): number => v / (deviations?.[i] ?? 1);
        for (let i = 0; i < batch.count; i++) {
          const row = rows[batch.indices[i] ?? -1] ?? 0;
          compared[k]?.trained.push(...trained.slice(row * width, (row + 1) * width).map(scaled));
          compared[k]?.exported.push(...data.slice(i * width, (i + 1) * width).map(scaled));
        }
      }
    }
  } finally {
    await session.release();
  }
  const found = answers.map(({ width, deviations }, k) => {
    const { trained = [], exported = [] } = compared[k] ?? {};
    const parity = compareProbabilities(runtime.name, Float32Array.from(trained), Float32Array.from(exported), width);
    // of numbers none is the one that was chosen
    return { largestDifference: parity.largestDifference, flips: deviations ? 0 : parity.flips };
  });
  return {
    provider: runtime.name,
    images: rows.length,
    largestDifference: Math.max(...found.map(({ largestDifference }) => largestDifference)),
    flips: found.reduce((sum, { flips }) => sum + flips, 0),
  };
}

function answersOf({ evaluation, metadata: { heads } }: ParityOptions): readonly Answers[] {
  if (!heads) return [{ output: "probabilities", trained: evaluation.probabilities, width: evaluation.classes }];
  return heads.map(({ name, names, standard }, i) => {
    const own = evaluation.heads?.[i]?.evaluation ?? evaluation;
    const width = names.length;
    if (!standard || !own.numbers) return { output: name, trained: own.probabilities, width };
    const deviations = standard.map(({ deviation }) => deviation);
    return { output: name, trained: own.numbers.predictions, width, deviations };
  });
}

/** At most `most` of the numbers below `count`, evenly spread. */
function spread(count: number, most: number): readonly number[] {
  const wanted = Math.min(count, most);
  return Array.from({ length: wanted }, (_, i) => Math.floor((i * count) / wanted));
}
