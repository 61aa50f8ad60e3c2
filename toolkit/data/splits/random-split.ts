import type { Entry, Part } from "../entry.ts";
import { checkSeed, RANKED_PARTS, rankedShares, type SeededShares, TRAIN } from "./shares.ts";
import { stratify, type Unit } from "./stratify.ts";
import { unitsOf } from "./units.ts";

/**
 * The part of each entry: every label has the same share of its photos in each part. Photos without labels are shared
 * out by their numbers, in up to ten ranges of each column.
 *
 * Where each photo has one label, a label of two photos or more has at least one for training and one for validation
 * (and one for test, of three or more); a label of one trains. With several labels that holds as far as their
 * combinations allow. Groups are not looked at: see `groupedSplit`. Which photos they are follows from seed and id, so
 * that adding photos moves few of the others.
 * @throws E_SETTING
 */
export function randomSplit(entries: readonly Entry[], options: SeededShares = {}): readonly Part[] {
  return partsOf(unitsOf(entries, { grouped: false }), options);
}

/**
 * The part of each photo of the units.
 * @throws E_SETTING
 */
export function partsOf(units: readonly Unit[], { seed = 0, ...shares }: SeededShares): readonly Part[] {
  const chosen = stratify(units, { seed: checkSeed(seed), shares: rankedShares(shares), first: TRAIN });
  const parts: Part[] = [];
  for (const [i, { members }] of units.entries()) {
    for (const member of members) parts[member] = RANKED_PARTS[chosen[i] ?? TRAIN] ?? "train";
  }
  return parts;
}
