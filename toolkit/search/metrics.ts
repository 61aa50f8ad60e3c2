import { ToolkitError } from "../errors.ts";
import { compareText } from "./store.ts";

/**
 * How good a ranking is, as the field's reference program trec_eval counts it.
 *
 * - What a search does not return is never found: it counts against average precision, and `precisionAt(k)` divides by k however few there are.
 * - A search for which nothing is relevant scores 0 in all of these, and counts as one in the means.
 * - Ties are for whoever ranks to decide; `rankByScore` decides them as trec_eval does.
 */

/** What a search returned, and what it should have. An id is whatever a `Set` can tell apart: a path, a number, a bigint. */
export interface JudgedSearch<Id> {
  /** The best first, each once. */
  readonly ranked: readonly Id[];
  /** All that should be found, whether it was returned or not. */
  readonly relevant: ReadonlySet<Id>;
}

/**
 * Average precision: over all that is relevant, the mean of the precision at its rank, 0 for what was not returned
 * (Buckley and Voorhees 2000, section 2; trec_eval's `map` of one query). 0..1.
 * @throws E_SETTING for an id that was returned twice
 */
export function averagePrecision<Id>({ ranked, relevant }: JudgedSearch<Id>): number {
  expectEachOnce(ranked);
  let found = 0;
  let sum = 0;
  for (const [i, id] of ranked.entries()) {
    if (!relevant.has(id)) continue;
    found++;
    sum += found / (i + 1);
  }
  return relevant.size === 0 ? 0 : sum / relevant.size;
}

/**
 * The share of the first k places that hold something relevant; a place that nothing was returned for holds nothing (trec_eval's `P_k`). 0..1.
 * @throws E_SETTING for a k that is no positive integer, or an id that was returned twice
 */
export function precisionAt<Id>({ ranked, relevant }: JudgedSearch<Id>, k: number): number {
  expectRank(k);
  expectEachOnce(ranked);
  return ranked.slice(0, k).filter((id) => relevant.has(id)).length / k;
}

/**
 * 1 / the rank of the first that is relevant, counted from 1; 0 where none was returned (trec_eval's `recip_rank`).
 * @throws E_SETTING for an id that was returned twice
 */
export function reciprocalRank<Id>({ ranked, relevant }: JudgedSearch<Id>): number {
  expectEachOnce(ranked);
  const first = ranked.findIndex((id) => relevant.has(id));
  return first === -1 ? 0 : 1 / (first + 1);
}

/**
 * Normalised discounted cumulative gain: the sum of gain / log2(rank + 1) over the first k places (all where k is absent), divided by what the best order of
 * all gains would have there (Järvelin and Kekäläinen 2002 as trec_eval's `ndcg_cut_k` writes it). What `gains` lacks is worth nothing. 0..1.
 * @throws E_SETTING for a gain below 0 or no number, a k that is no positive integer, or an id that was returned twice
 */
export function normalisedGain<Id>(
  { ranked, gains }: { readonly ranked: readonly Id[]; readonly gains: ReadonlyMap<Id, number> },
  k: number = Math.max(1, ranked.length, gains.size),
): number {
  expectRank(k);
  expectEachOnce(ranked);
  for (const [id, gain] of gains) {
    if (!(gain >= 0 && gain < Infinity)) refuse(`the gain of ${String(id)} is ${gain}, expected a number of 0 or more`);
  }
  const discounted = (values: readonly number[]): number =>
    values.slice(0, k).reduce((sum, gain, i) => sum + gain / Math.log2(i + 2), 0);
  const best = discounted([...gains.values()].toSorted((a, b) => b - a));
  return best === 0 ? 0 : discounted(ranked.map((id) => gains.get(id) ?? 0)) / best;
}

/**
 * The mean of `averagePrecision` over searches.
 * @throws E_SETTING for no searches, and as averagePrecision
 */
export function meanAveragePrecision<Id>(searches: readonly JudgedSearch<Id>[]): number {
  return mean(searches.map((search) => averagePrecision(search)));
}

/**
 * The mean of `reciprocalRank` over searches.
 * @throws E_SETTING for no searches, and as reciprocalRank
 */
export function meanReciprocalRank<Id>(searches: readonly JudgedSearch<Id>[]): number {
  return mean(searches.map((search) => reciprocalRank(search)));
}

/**
 * Names by falling score; of equal scores the later name (by UTF-16 unit) comes first, as trec_eval sorts them, so that a tie helps nobody who named files well.
 * @throws E_SETTING for a score that is no number
 */
export function rankByScore(scores: ReadonlyMap<string, number>): readonly string[] {
  for (const [name, score] of scores) {
    if (Number.isNaN(score)) refuse(`the score of "${name}" is no number`);
  }
  return [...scores].toSorted(([a, x], [b, y]) => (x === y ? compareText(b, a) : y - x)).map(([name]) => name);
}

function mean(values: readonly number[]): number {
  if (values.length === 0) refuse("there are no searches to take the mean of");
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function expectEachOnce(ranked: readonly unknown[]): void {
  const seen = new Set<unknown>();
  for (const id of ranked) {
    if (seen.has(id)) refuse(`${String(id)} was returned twice`);
    seen.add(id);
  }
}

function expectRank(k: number): void {
  if (!Number.isInteger(k) || k < 1) refuse(`k is ${k}, expected a positive integer`);
}

function refuse(what: string): never {
  throw new ToolkitError("E_SETTING", `Cannot measure the ranking: ${what}`);
}
