import type { HeadMetadata, ModelMetadata } from "../export/metadata.ts";
import type { LabelOptions, WeightedLabel } from "./tagger.ts";

/** What a network says of one photo. */
export interface Answers {
  /** The likeliest first; those of the first head that has labels. */
  readonly labels: readonly WeightedLabel[];
  /** The labels of each head by its name, where the network has several heads. */
  readonly heads?: Readonly<Record<string, readonly WeightedLabel[]>>;
  /** Numbers by the column that they were learnt from, in its units, where the network says any. */
  readonly numbers?: Readonly<Record<string, number>>;
}

/** An output of a file that labels photos. */
export interface Output extends Pick<HeadMetadata, "name" | "task" | "names"> {
  readonly thresholds?: readonly number[] | undefined;
}

/** What a file is asked for: the outputs of its heads, or the probabilities of its one. */
export function outputsOf({ heads, labels, thresholds }: ModelMetadata): readonly Output[] {
  return heads ?? [{ name: "probabilities", task: "classes", names: labels, thresholds }];
}

/** The values of a file's outputs for one photo, in words. */
export function answersOf(
  rows: readonly ArrayLike<number>[],
  metadata: ModelMetadata,
  options: LabelOptions = {},
): Answers {
  const outputs = outputsOf(metadata);
  const labelled: [string, readonly WeightedLabel[]][] = [];
  const numbers: [string, number][] = [];
  for (const [i, output] of outputs.entries()) {
    const row = rows[i] ?? [];
    if (output.task === "numbers")
      numbers.push(...output.names.map((name, k): [string, number] => [name, row[k] ?? Number.NaN]));
    else labelled.push([output.name, best(row, output, options)]);
  }
  return {
    labels: labelled[0]?.[1] ?? [],
    ...(outputs.length > 1 && labelled.length > 0 ? { heads: Object.fromEntries(labelled) } : {}),
    ...(numbers.length > 0 ? { numbers: Object.fromEntries(numbers) } : {}),
  };
}

/** The `top` largest weights, the first of equal ones first. */
function best(
  weights: ArrayLike<number>,
  { names, thresholds }: Output,
  { top = 5, minWeight }: LabelOptions,
): readonly WeightedLabel[] {
  return names
    .map((label, i) => ({ label, weight: weights[i] ?? 0, least: minWeight ?? thresholds?.[i] ?? 0 }))
    .filter(({ weight, least }) => weight >= least)
    .toSorted((a, b) => b.weight - a.weight)
    .slice(0, top)
    .map(({ label, weight }) => ({ label, weight }));
}
