import { epochOrder } from "./augment.ts";
import type { Sample } from "./sample.ts";
import { weightedOrder } from "./weighted-order.ts";

/** What each class counts: "balanced" lets every class count alike, a list has a number for each class. */
export type ClassWeights = "balanced" | readonly number[];
/** shuffle: every photo once an epoch. balanced: drawn so that every class comes equally often. weighted: drawn in proportion to the photos' weights, which the loss leaves out then. */
export type Sampler = "shuffle" | "balanced" | "weighted";

export interface SamplingSettings {
  readonly classWeights?: ClassWeights;
  readonly sampler?: Sampler;
}

/** How the training photos of a run are drawn, and what each counts in the loss: a number for each; absent where all are alike. */
export interface Sampling {
  readonly draws?: readonly number[];
  readonly loss?: readonly number[];
}

/** What is said of classes and photos, as numbers for each photo: a photo's own weight times that of its class, the mean where it has several. */
export function samplingOf(
  samples: readonly Sample[],
  { classWeights, sampler = "shuffle" }: SamplingSettings,
): Sampling {
  const weights = weightsOf(samples, classWeights);
  if (sampler === "weighted") return { draws: weights ?? samples.map(() => 1) };
  const loss = weights ? { loss: weights } : {};
  if (sampler === "shuffle") return loss;
  const balanced = balancedWeights(samples);
  return { draws: samples.map((sample) => classWeightOf(sample, balanced)), ...loss };
}

/**
 * n / (K n_k) for each class k of the n samples, K of which have any (King and Zeng 2001, as scikit-learn's "balanced"): the weights of all samples sum up to n
 * where each has one label. A class without a sample weighs 1.
 */
export function balancedWeights(samples: readonly Sample[]): readonly number[] {
  const counts: number[] = [];
  for (const k of samples.flatMap(labelsOf)) counts[k] = (counts[k] ?? 0) + 1;
  const present = counts.filter((count) => count > 0).length;
  return Array.from(counts, (count) => (count ? samples.length / (present * count) : 1));
}

/** The order in which an epoch visits the samples of these indices. */
export function samplingOrder(
  usable: readonly number[],
  { draws }: Sampling,
  seed: number,
  epoch: number,
): readonly number[] {
  const order = draws
    ? weightedOrder(
        usable.map((i) => draws[i] ?? 0),
        usable.length,
        seed,
        epoch,
      )
    : epochOrder(usable.length, seed, epoch);
  return Array.from(order, (i) => usable[i] ?? 0);
}

function weightsOf(samples: readonly Sample[], classWeights: ClassWeights | undefined): readonly number[] | undefined {
  if (classWeights === undefined && samples.every(({ weight }) => weight === undefined)) return undefined;
  const weights = classWeights === "balanced" ? balancedWeights(samples) : classWeights;
  return samples.map((sample) => (sample.weight ?? 1) * (weights ? classWeightOf(sample, weights) : 1));
}

function classWeightOf(sample: Sample, weights: readonly number[]): number {
  const labels = labelsOf(sample);
  return labels.length === 0 ? 1 : labels.reduce((sum, k) => sum + (weights[k] ?? 1), 0) / labels.length;
}

function labelsOf({ label, labels }: Sample): readonly number[] {
  return labels ?? (label < 0 ? [] : [label]);
}
