import type { Sample } from "../data/sample.ts";
import { labelTargets } from "../data/targets.ts";
import { score, scoreSeveral } from "../train/evaluate.ts";
import type { Evaluation } from "../train/evaluate.ts";
import type { Tagger, UnreadablePhoto } from "./tagger.ts";

/** How a tagger does on labelled photos, and which of them it could not read. */
export interface TaggerEvaluation {
  readonly evaluation: Evaluation;
  readonly bad: readonly UnreadablePhoto[];
}

/** Labels every sample and scores the answers. Yields the number of photos done; returns the evaluation. */
export async function* evaluateTagger(
  tagger: Tagger,
  samples: readonly Sample[],
  options: { signal?: AbortSignal } = {},
): AsyncGenerator<number, TaggerEvaluation> {
  const classes = tagger.labels.length;
  const rows: Float32Array[] = [];
  const labels: number[] = [];
  const indices: number[] = [];
  const bad: UnreadablePhoto[] = [];
  const position = new Map(tagger.labels.map((label, i) => [label, i]));
  let next = 0;
  const several = tagger.metadata.activation === "sigmoid" ? labelTargets(classes) : undefined;
  const targets: Float32Array[] = [];
  for await (const photo of tagger.labelAll(samples, { ...options, top: classes, minWeight: 0 })) {
    const index = next++;
    if ("error" in photo) {
      bad.push(photo);
    } else {
      const row = new Float32Array(classes);
      for (const { label, weight } of photo.labels) {
        row[position.get(label) ?? 0] = several ? logit(weight) : Math.log(Math.max(weight, LEAST));
      }
      rows.push(row);
      const sample = samples[index];
      if (several && sample) targets.push(Float32Array.from(several.of(sample)));
      labels.push(sample?.label ?? 0);
      indices.push(index);
    }
    yield next;
  }
  const evaluation = several ? scoreSeveral(rows, targets, labels, indices) : score(rows, labels, indices, classes);
  return { evaluation, bad };
}

/** The smallest normal number of float32: a probability below it counts as this. */
const LEAST = 1e-38;

function logit(probability: number): number {
  return Math.log(Math.max(probability, LEAST)) - Math.log(Math.max(1 - probability, LEAST));
}
