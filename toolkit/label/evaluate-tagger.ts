import type { Sample } from "../data/sample.ts";
import { labelTargets } from "../data/targets.ts";
import { score, scoreSeveral } from "../train/evaluate.ts";
import type { Evaluation } from "../train/evaluate.ts";
import { scoreHeads } from "../train/evaluate-heads.ts";
import { headRows, logOf } from "./head-rows.ts";
import type { LabelledPhoto, Tagger, UnreadablePhoto } from "./tagger.ts";

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
  const { heads } = tagger.metadata;
  const found: LabelledPhoto[] = [];
  const all = Math.max(classes, ...(heads ?? []).map(({ names }) => names.length));
  for await (const photo of tagger.labelAll(samples, { ...options, top: all, minWeight: 0 })) {
    const index = next++;
    if ("error" in photo) {
      bad.push(photo);
    } else if (heads) {
      found.push(photo);
      indices.push(index);
    } else {
      const row = new Float32Array(classes);
      for (const { label, weight } of photo.labels) {
        row[position.get(label) ?? 0] = logOf(weight, several !== undefined);
      }
      rows.push(row);
      const sample = samples[index];
      if (several && sample) targets.push(Float32Array.from(several.of(sample)));
      labels.push(sample?.label ?? 0);
      indices.push(index);
    }
    yield next;
  }
  if (heads) {
    const own = indices.map((index) => samples[index]);
    return { evaluation: scoreHeads(headRows(heads, found, own), indices), bad };
  }
  // thresholds chosen on the photos that are measured would flatter the model: those in its file count
  const { thresholds } = tagger.metadata;
  const evaluation = several
    ? scoreSeveral(rows, targets, labels, indices, thresholds)
    : score(rows, labels, indices, classes);
  return { evaluation, bad };
}
