import { hash, hashText } from "../graph/random.ts";
import type { Sample } from "./sample.ts";

export interface SplitOptions {
  readonly seed?: number;
  /** Share of the photos, of every class, that validates; 0.2 where absent. */
  readonly validationShare?: number;
  /** Share that is kept for a test; 0 where absent. */
  readonly testShare?: number;
  /** Whether photos are drawn at random, a group at a time, or the latest are held out; by group where photos have groups, else at random. */
  readonly by?: "random" | "group" | "time";
  /** Into how many folds the photos are divided instead, and which of them validates; the first where absent. */
  readonly folds?: number;
  readonly fold?: number;
}

/**
 * Splits class by class: a class of two or more has at least one sample on each side (unless the share is 0), a class of one trains.
 *
 * Samples are ranked by a hash of seed and id, so that adding photos moves few of the others.
 */
export function stratifiedSplit(
  samples: readonly Sample[],
  { seed = 0, validationShare = 0.2 }: Pick<SplitOptions, "seed" | "validationShare"> = {},
): { readonly train: readonly Sample[]; readonly validation: readonly Sample[] } {
  const byClass = new Map<number, Sample[]>();
  for (const sample of samples) {
    const members = byClass.get(sample.label);
    if (members) members.push(sample);
    else byClass.set(sample.label, [sample]);
  }
  const chosen = new Set<Sample>();
  for (const members of byClass.values()) {
    const wanted = Math.round(members.length * validationShare);
    const count = validationShare > 0 ? Math.min(members.length - 1, Math.max(1, wanted)) : 0;
    const ranked = members.map((sample) => ({ sample, rank: hash(seed, hashText(sample.id)) }));
    ranked.sort((a, b) => a.rank - b.rank || (a.sample.id < b.sample.id ? -1 : 1));
    for (const { sample } of ranked.slice(0, count)) chosen.add(sample);
  }
  return { train: samples.filter((s) => !chosen.has(s)), validation: samples.filter((s) => chosen.has(s)) };
}
