import type { BadFile, Sample } from "../data/sample.ts";
import type { TensorData } from "../graph/tensor.ts";
import type { Runtime, Session } from "../runtime/runtime.ts";
import { compareProbabilities, likeliest } from "./parity.ts";
import { seePhotos } from "./see-photos.ts";
import type { SeePhotosOptions } from "./see-photos.ts";

/** A photo and, where somebody said what it shows, its class. */
export interface MeasuredPhoto extends Pick<Sample, "path" | "picture"> {
  /** Index into the model's labels. */
  readonly label?: number;
}

/** What two models say of the same photos. */
export interface AnswersCompared {
  /** Photos that both saw. */
  readonly count: number;
  /** Photos whose likeliest label is the same. */
  readonly agreeing: number;
  /** Largest difference of a probability. */
  readonly largestDifference: number;
  /** Photos whose class is known, and how many of them each model names rightly. */
  readonly labelled: { readonly count: number; readonly before: number; readonly after: number };
  readonly bad: readonly BadFile[];
}

/**
 * Shows photos to a model and to what was made of it. Yields the number of photos done; returns the comparison.
 * @throws E_RUN, E_RUNTIME
 */
export async function* compareAnswers(
  before: Uint8Array,
  after: Uint8Array,
  photos: readonly MeasuredPhoto[],
  { runtime, threads, ...options }: SeePhotosOptions & { readonly runtime: Runtime; readonly threads?: number },
): AsyncGenerator<number, AnswersCompared> {
  const sessions: Session[] = [];
  let compared: AnswersCompared = NOTHING;
  try {
    for (const model of [before, after])
      sessions.push(await runtime.load(model, threads === undefined ? {} : { threads }));
    for await (const { image, indices, bad, done } of seePhotos(photos, options)) {
      const labels = indices.map((i) => photos[i]?.label);
      const answers = await Promise.all(sessions.map((session) => answersOf(session, image, labels.length)));
      compared = added(compared, answers, labels, runtime.name, bad);
      yield done;
    }
  } finally {
    for (const session of sessions) await session.release();
  }
  return compared;
}

const NOTHING: AnswersCompared = {
  count: 0,
  agreeing: 0,
  largestDifference: 0,
  labelled: { count: 0, before: 0, after: 0 },
  bad: [],
};

async function answersOf(session: Session, image: TensorData, count: number): Promise<Float32Array> {
  if (count === 0) return new Float32Array(0);
  const out = await session.run({ feeds: new Map([["image", image]]), fetch: ["probabilities"] });
  return (out.get("probabilities") as TensorData).data as Float32Array;
}

function added(
  sum: AnswersCompared,
  [before = new Float32Array(0), after = new Float32Array(0)]: readonly Float32Array[],
  labels: readonly (number | undefined)[],
  provider: string,
  bad: readonly BadFile[],
): AnswersCompared {
  const classes = labels.length > 0 ? before.length / labels.length : 1;
  const { flips, largestDifference } = compareProbabilities(provider, before, after, classes);
  const right = (answers: Float32Array): number =>
    labels.filter((label, i) => label !== undefined && likeliest(answers, i, classes) === label).length;
  return {
    count: sum.count + labels.length,
    agreeing: sum.agreeing + labels.length - flips,
    largestDifference: Math.max(sum.largestDifference, largestDifference),
    labelled: {
      count: sum.labelled.count + labels.filter((label) => label !== undefined).length,
      before: sum.labelled.before + right(before),
      after: sum.labelled.after + right(after),
    },
    bad: [...sum.bad, ...bad],
  };
}
