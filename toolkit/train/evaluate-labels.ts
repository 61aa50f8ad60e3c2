/** One class, found or not at its threshold. A ratio is null where its divisor is 0: precision of a class never found, recall of one that no sample has. */
export interface LabelMetrics {
  /** Of the samples ranked by the class's probability. */
  readonly averagePrecision: number | null;
  /** From which probability on the class counts as found: as given, else where its F1 is best on these samples; 0.5 for one that none has. */
  readonly threshold: number;
  readonly precision: number | null;
  readonly recall: number | null;
  readonly f1: number | null;
  /** Samples that have this class. */
  readonly support: number;
}

/** How a network does on samples that may have several labels, or none. */
export interface SeveralLabels {
  /** [count,classes]: 1 where a label holds, 0 where it does not. */
  readonly targets: Float32Array;
  /** Mean average precision over the classes that some sample has. */
  readonly meanAveragePrecision: number;
  /** F1 of all labels together, and mean F1 over the classes that some sample has. */
  readonly microF1: number;
  readonly macroF1: number;
  readonly perClass: readonly LabelMetrics[];
}

const DEFAULT_THRESHOLD = 0.5;

/** Every measure of probabilities [count,classes] against targets of the same shape. Thresholds that were chosen elsewhere are handed in. */
export function severalLabels(
  probabilities: Float32Array,
  targets: Float32Array,
  classes: number,
  given?: readonly number[],
): SeveralLabels {
  const ranked = Array.from({ length: classes }, (_, k) => rank(probabilities, targets, classes, k));
  const thresholds = ranked.map((samples, k) => given?.[k] ?? bestThreshold(samples));
  const counts = ranked.map((samples, k) => count(samples, thresholds[k] ?? DEFAULT_THRESHOLD));
  const perClass = counts.map((c, k): LabelMetrics => ({
    averagePrecision: c.held === 0 ? null : averagePrecision(ranked[k] ?? []),
    threshold: thresholds[k] ?? DEFAULT_THRESHOLD,
    precision: ratio(c.hits, c.found),
    recall: ratio(c.hits, c.held),
    f1: f1(c),
    support: c.held,
  }));
  const sum = (of: keyof Counts): number => counts.reduce((total, c) => total + c[of], 0);
  const present = perClass.filter((c) => c.support > 0);
  return {
    targets,
    meanAveragePrecision: mean(present.map((c) => c.averagePrecision ?? 0)),
    microF1: f1({ hits: sum("hits"), found: sum("found"), held: sum("held") }) ?? 0,
    macroF1: mean(present.map((c) => c.f1 ?? 0)),
    perClass,
  };
}

interface Ranked {
  readonly probability: number;
  readonly holds: boolean;
}

/** The samples by a class's probability, highest first. */
function rank(probabilities: Float32Array, targets: Float32Array, classes: number, k: number): readonly Ranked[] {
  const samples = Array.from({ length: probabilities.length / classes }, (_, i) => ({
    probability: probabilities[i * classes + k] ?? 0,
    holds: (targets[i * classes + k] ?? 0) > 0.5,
  }));
  return samples.sort((a, b) => b.probability - a.probability);
}

/** Precision at each place where recall rises, weighted by the rise; samples of equal probability are one place (scikit-learn's `average_precision_score`). */
function averagePrecision(ranked: readonly Ranked[]): number {
  let [hits, sum, before] = [0, 0, 0];
  for (const [i, { probability, holds }] of ranked.entries()) {
    if (holds) hits++;
    if (ranked[i + 1]?.probability === probability) continue;
    sum += (hits - before) * (hits / (i + 1));
    before = hits;
  }
  return hits === 0 ? 0 : sum / hits;
}

/** The middle between the lowest probability that is to be found and the next one below it. */
function bestThreshold(ranked: readonly Ranked[]): number {
  const held = ranked.filter((s) => s.holds).length;
  let [hits, best, threshold] = [0, 0, DEFAULT_THRESHOLD];
  for (const [i, { probability, holds }] of ranked.entries()) {
    if (holds) hits++;
    const next = ranked[i + 1]?.probability;
    if (next === probability) continue;
    const score = f1({ hits, found: i + 1, held }) ?? 0;
    if (score <= best) continue;
    best = score;
    threshold = (probability + (next ?? 0)) / 2;
  }
  return threshold;
}

interface Counts {
  readonly hits: number;
  readonly found: number;
  readonly held: number;
}

function count(ranked: readonly Ranked[], threshold: number): Counts {
  const found = ranked.filter((s) => s.probability >= threshold);
  return {
    hits: found.filter((s) => s.holds).length,
    found: found.length,
    held: ranked.filter((s) => s.holds).length,
  };
}

function f1({ hits, found, held }: Counts): number | null {
  return ratio(2 * hits, found + held);
}

function ratio(a: number, b: number): number | null {
  return b === 0 ? null : a / b;
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, v) => sum + v, 0) / values.length;
}
