import type { Sample } from "../data/sample.ts";
import { labelsIn } from "../data/heads.ts";
import type { HeadMetadata } from "../export/metadata.ts";
import type { HeadRows } from "../train/evaluate-heads.ts";
import type { LabelledPhoto } from "./tagger.ts";

/** The smallest normal number of float32: a probability below it counts as this. */
const LEAST = 1e-38;

/** What each head of a model says of photos, and what is true of them, as they are scored. The samples have what the model was trained on: see `evaluationTargets`. */
export function headRows(
  heads: readonly HeadMetadata[],
  found: readonly LabelledPhoto[],
  samples: readonly (Sample | undefined)[],
): readonly HeadRows[] {
  const places = placesOf(heads);
  return heads.map((head, k) => {
    const { names, task } = head;
    const place = places[k] ?? 0;
    const weightsOf = (photo: LabelledPhoto): Float32Array => {
      const own = heads.length === 1 ? photo.labels : (photo.heads?.[head.name] ?? []);
      const weights = new Map(own.map(({ label, weight }) => [label, weight]));
      return Float32Array.from(names, (name) => logOf(weights.get(name) ?? 0, task === "labels"));
    };
    const truth = (sample: Sample | undefined): Float32Array => {
      if (task === "numbers") return Float32Array.from(names, (_, i) => sample?.numbers?.[place + i] ?? Number.NaN);
      const has = new Set(sample ? labelsIn(sample, place) : []);
      return Float32Array.from(names, (_, i) => (has.has(i) ? 1 : 0));
    };
    const rowOf = (photo: LabelledPhoto): Float32Array =>
      task === "numbers" ? Float32Array.from(names, (name) => photo.numbers?.[name] ?? Number.NaN) : weightsOf(photo);
    return { head, rows: found.map(rowOf), targets: samples.map(truth) };
  });
}

/** The place of each head's labels among those of a sample, or of its first number. */
function placesOf(heads: readonly HeadMetadata[]): readonly number[] {
  let [sets, columns] = [0, 0];
  return heads.map(({ task, names }) => {
    if (task !== "numbers") return sets++;
    columns += names.length;
    return columns - names.length;
  });
}

/** A logit that gives this probability: among classes its logarithm. */
export function logOf(probability: number, isByItself: boolean): number {
  const log = Math.log(Math.max(probability, LEAST));
  return isByItself ? log - Math.log(Math.max(1 - probability, LEAST)) : log;
}
