import type { Sample } from "../data/sample.ts";
import { score } from "../train/evaluate.ts";
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
  for await (const photo of tagger.labelAll(
    samples.map((s) => s.path),
    { ...options, top: classes },
  )) {
    const index = next++;
    if ("error" in photo) {
      bad.push(photo);
    } else {
      const row = new Float32Array(classes);
      for (const { label, weight } of photo.labels) row[position.get(label) ?? 0] = Math.log(Math.max(weight, 1e-38));
      rows.push(row);
      labels.push(samples[index]?.label ?? 0);
      indices.push(index);
    }
    yield next;
  }
  return { evaluation: score(rows, labels, indices, classes), bad };
}
