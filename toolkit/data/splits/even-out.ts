import type { Unit } from "./stratify.ts";

/** Each round moves less; most need two. */
const MOST_ROUNDS = 10;
/** What counts as better: less would only be rounding. */
const LEAST_GAIN = 1e-9;

/**
 * Moves units, one after the other in the order they are given, to where that brings all their strata together nearer
 * to the shares: the sum of squared deviations, each divided by what is expected (as in Pearson's chi-squared test),
 * over the strata and over all photos. None loses its last photo of a part. `parts` has the part of each unit, and is
 * changed.
 */
export function evenOut(ranked: readonly Unit[], parts: Map<Unit, number>, shares: readonly number[]): void {
  const tallies = tallyUp(ranked, parts, shares);
  const move = (unit: Unit, from: number, to: number): void => {
    parts.set(unit, to);
    for (const { filled, count } of tallies.of(unit)) {
      filled[from] = (filled[from] ?? 0) - count;
      filled[to] = (filled[to] ?? 0) + count;
    }
  };
  for (let round = 0; round < MOST_ROUNDS; round++) {
    let moves = 0;
    for (const unit of ranked) {
      const from = parts.get(unit) ?? 0;
      const own = tallies.of(unit);
      if (own.some(({ filled, count }) => filled[from] === count)) continue;
      let best = { to: from, change: -LEAST_GAIN };
      for (const to of shares.keys()) {
        if (to === from || shares[to] === 0) continue;
        const change = own.reduce((sum, tally) => sum + changeOf(tally, from, to, shares), 0);
        if (change < best.change) best = { to, change };
      }
      if (best.to === from) continue;
      move(unit, from, best.to);
      moves++;
    }
    if (moves === 0) return;
  }
}

interface Tally {
  /** Photos in each part. */
  readonly filled: number[];
  /** All photos. */
  readonly photos: number;
  /** Those of the unit. */
  readonly count: number;
}

function tallyUp(
  units: readonly Unit[],
  parts: ReadonlyMap<Unit, number>,
  shares: readonly number[],
): { of(unit: Unit): readonly Tally[] } {
  const strata = new Map<string, number[]>();
  const all = shares.map(() => 0);
  const add = (filled: number[], part: number, count: number): void => {
    filled[part] = (filled[part] ?? 0) + count;
  };
  for (const unit of units) {
    const part = parts.get(unit) ?? 0;
    add(all, part, unit.members.length);
    for (const [name, count] of unit.counts) {
      const filled = strata.get(name) ?? shares.map(() => 0);
      strata.set(name, filled);
      add(filled, part, count);
    }
  }
  const sum = (filled: readonly number[]): number => filled.reduce((total, count) => total + count, 0);
  const photos = new Map([...strata].map(([name, filled]) => [name, sum(filled)]));
  const photosInAll = sum(all);
  return {
    of(unit) {
      const own = [...unit.counts].map(([name, count]) => ({
        filled: strata.get(name) ?? [],
        photos: photos.get(name) ?? 0,
        count,
      }));
      return [...own, { filled: all, photos: photosInAll, count: unit.members.length }];
    },
  };
}

/** How much the deviation of one stratum changes where a unit goes from one part to another. */
function changeOf({ filled, photos, count }: Tally, from: number, to: number, shares: readonly number[]): number {
  const expected = (part: number): number => photos * (shares[part] ?? 0);
  const over = (part: number): number => (filled[part] ?? 0) - expected(part);
  return (count * (count - 2 * over(from))) / expected(from) + (count * (count + 2 * over(to))) / expected(to);
}
