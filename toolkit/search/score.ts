import type { Condition, LabelCondition } from "./plan.ts";
import { evidence } from "./plan.ts";

/**
 * How well a photo answers, as arithmetic on whole numbers below 2^53 (a cosine is one division of two of them), so that every
 * store computes the same value and the same ties.
 */
export type Score =
  /** Weight times factor where the condition holds, else 0. */
  | { readonly kind: "label"; readonly label: LabelCondition; readonly factor: number }
  | { readonly kind: "min" | "max"; readonly of: readonly Score[] }
  /** The inner score where the condition holds, else 0. */
  | { readonly kind: "where"; readonly where: Condition; readonly score: Score }
  /** Dot product of query and photo, divided by the photo's norm. */
  | { readonly kind: "cosine"; readonly of: readonly { readonly label: LabelCondition; readonly factor: number }[] };

/** A score and the number that brings it to the scale people read: 1 is the best an unboosted query can get. */
export interface Scorer {
  readonly score: Score | null;
  readonly scale: number;
}

/**
 * Ranks by weight: AND is the smallest of its parts, OR the largest, as in fuzzy sets (Zadeh, 1965), a boost multiplies its label.
 * The smallest, not the sum or the product: who asks for a cat and a dog wants both to be there, and 0.5 + 0.5 says that better
 * than 0.99 + 0.01. A negation only selects; it speaks for no photo.
 */
export function weightScorer(condition: Condition): Scorer {
  const score = weightScore(condition);
  // the search itself already leaves out every photo for which the outermost condition does not hold
  const implied = condition.kind === "and" && score?.kind === "where";
  return { score: implied ? score.score : score, scale: 1e9 };
}

function weightScore(condition: Condition): Score | null {
  if (condition.kind === "label") return { kind: "label", label: condition, factor: condition.boost };
  if (condition.kind === "not") return null;
  const scored = condition.of.map((part) => ({ part, score: weightScore(part) }));
  const scores = scored.flatMap(({ score }) => score ?? []);
  const [first] = scores;
  if (!first) return null;
  const score: Score = scores.length === 1 ? first : { kind: condition.kind === "and" ? "min" : "max", of: scores };
  const silent = scored.filter((s) => s.score === null).map((s) => s.part);
  if (condition.kind === "or" || silent.length === 0) return score;
  return { kind: "where", where: { kind: "and", of: silent }, score };
}

/**
 * Ranks by the angle between two vectors, as in retrieval of text: the photo's label weights against boost x idf of the query's
 * labels, with idf = ln(1 + photos / photos with the label). This is lnc.ltc of the SMART notation without the logarithm of the
 * weights (Manning, Raghavan, Schuetze, Introduction to Information Retrieval, 6.4): idf on the query's side only, so that a photo's
 * norm does not change when others are added. The operators select; every label under no negation is part of the query vector.
 */
export function cosineScorer(
  condition: Condition,
  photos: number,
  photosOf: (label: LabelCondition) => number,
): Scorer {
  const terms = new Map<string, { label: LabelCondition; factor: number }>();
  for (const label of evidence(condition)) {
    const idf = Math.log(1 + photos / Math.max(1, Math.min(photos, photosOf(label))));
    // whole thousandths: a last bit of Math.log that differs between machines must not change an order
    const factor = Math.max(1, Math.round(label.boost * idf));
    const key = label.labelIds.join();
    const same = terms.get(key);
    const lowest = same && same.label.minPpm < label.minPpm ? same.label : label;
    terms.set(key, { label: lowest, factor: factor + (same?.factor ?? 0) });
  }
  const of = [...terms.values()];
  const length = Math.hypot(...of.map((term) => term.factor));
  return of.length === 0 ? { score: null, scale: 1 } : { score: { kind: "cosine", of }, scale: length };
}

/** Length of a photo's vector of weights, rounded to parts per million. */
export function labelNorm(ppm: readonly number[]): number {
  return Math.round(Math.sqrt(ppm.reduce((sum, w) => sum + w * w, 0)));
}

/** What a store without a query language of its own asks of a photo: the weight of a label, 0 where it has none. */
export type WeightOf = (labelId: number) => number;

/** Whether a photo meets a condition. */
export function matches(condition: Condition, weightOf: WeightOf): boolean {
  if (condition.kind === "label") return weightOfAny(condition, weightOf) > 0;
  if (condition.kind === "not") return !matches(condition.of, weightOf);
  if (condition.kind === "and") return condition.of.every((part) => matches(part, weightOf));
  return condition.of.some((part) => matches(part, weightOf));
}

/** The score of a photo with this norm, before scaling. */
export function evaluate(score: Score, weightOf: WeightOf, norm: number): number {
  const weigh = (label: LabelCondition, factor: number): number => factor * weightOfAny(label, weightOf);
  if (score.kind === "label") return weigh(score.label, score.factor);
  if (score.kind === "where") return matches(score.where, weightOf) ? evaluate(score.score, weightOf, norm) : 0;
  if (score.kind === "cosine") {
    return score.of.reduce((sum, { label, factor }) => sum + weigh(label, factor), 0) / Math.max(1, norm);
  }
  const parts = score.of.map((part) => evaluate(part, weightOf, norm));
  return score.kind === "min" ? Math.min(...parts) : Math.max(...parts);
}

function weightOfAny(label: LabelCondition, weightOf: WeightOf): number {
  const weight = label.labelIds.reduce((most, id) => Math.max(most, weightOf(id)), 0);
  return weight >= label.minPpm ? weight : 0;
}
