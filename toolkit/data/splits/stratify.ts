import { hash, hashText, uniform } from "../../graph/random.ts";
import { evenOut } from "./even-out.ts";

/** What goes into one part as a whole: a photo, or a group of them. */
export interface Unit {
  /** What it is ranked by. */
  readonly key: string;
  /** Indices of its photos. */
  readonly members: readonly number[];
  /** Its photos by stratum: a label, or a range of numbers. */
  readonly counts: ReadonlyMap<string, number>;
}

export interface StratifyOptions {
  readonly seed: number;
  /** One for each part; they add up to 1. */
  readonly shares: readonly number[];
  /**
   * The part that every stratum must have; those of two units or more then have one in every other part too, as far as
   * they reach.
   */
  readonly first?: number;
}

/** A stratum as it is being laid out. */
interface Stratum {
  readonly name: string;
  readonly photos: number;
  /** Its units in order of rank. */
  readonly units: readonly Unit[];
  /** Photos in each part so far. */
  readonly filled: number[];
  waiting: number;
}

/**
 * The part of each unit, so that every stratum is shared out as `shares` say.
 *
 * The stratum with the fewest photos still waiting comes first, since later choices can no longer help it (iterative
 * stratification: Sechidis, Tsoumakas and Vlahavas, "On the stratification of multi-label data", 2011). Its units lie
 * on a line in order of a hash of seed and key, which the parts divide; so adding photos moves boundaries, and few of
 * the others. Units larger than a part's need go first, each where most is missing. Groups with photos of several
 * strata are evened out in the end.
 */
export function stratify(units: readonly Unit[], options: StratifyOptions): readonly number[] {
  const parts = new Map<Unit, number>();
  const ranked = inOrderOfRank(units, options.seed);
  const strata = strataOf(ranked, options.shares);
  const total = options.shares.map(() => 0);
  for (const stratum of rarestFirst(strata)) {
    const laid = layOut(stratum, parts, total, options);
    if (options.first !== undefined) coverParts(stratum, laid, options.shares, options.first);
    for (const [unit, part] of laid) {
      parts.set(unit, part);
      total[part] = (total[part] ?? 0) + unit.members.length;
      for (const [name, count] of unit.counts) {
        const other = strata.get(name);
        if (!other) continue;
        other.waiting -= count;
        other.filled[part] = (other.filled[part] ?? 0) + count;
      }
    }
  }
  if (units.some(({ members }) => members.length > 1)) evenOut(ranked, parts, options.shares);
  return units.map((unit) => parts.get(unit) ?? 0);
}

function inOrderOfRank(units: readonly Unit[], seed: number): readonly Unit[] {
  return units
    .map((unit) => ({ unit, rank: hash(seed, hashText(unit.key)) }))
    .toSorted((a, b) => a.rank - b.rank || (a.unit.key < b.unit.key ? -1 : 1))
    .map(({ unit }) => unit);
}

function strataOf(ranked: readonly Unit[], shares: readonly number[]): ReadonlyMap<string, Stratum> {
  const members = new Map<string, Unit[]>();
  for (const unit of ranked) {
    for (const name of unit.counts.keys()) {
      const found = members.get(name);
      if (found) found.push(unit);
      else members.set(name, [unit]);
    }
  }
  const strata = new Map<string, Stratum>();
  // by name, so that the order in which entries come changes nothing
  for (const name of [...members.keys()].toSorted()) {
    const own = members.get(name) ?? [];
    const photos = sum(own.map((unit) => countOf(unit, name)));
    strata.set(name, { name, photos, units: own, filled: shares.map(() => 0), waiting: photos });
  }
  return strata;
}

function* rarestFirst(strata: ReadonlyMap<string, Stratum>): Generator<Stratum> {
  const open = new Set(strata.values());
  while (open.size > 0) {
    let rarest: Stratum | undefined;
    for (const stratum of open) {
      if (stratum.waiting === 0) open.delete(stratum);
      else if (!rarest || stratum.waiting < rarest.waiting) rarest = stratum;
    }
    if (!rarest) return;
    open.delete(rarest);
    yield rarest;
  }
}

/** The part of every unit of a stratum that is still waiting, in order of rank. */
function layOut(
  stratum: Stratum,
  done: ReadonlyMap<Unit, number>,
  total: readonly number[],
  { seed, shares, first }: StratifyOptions,
): Map<Unit, number> {
  const { name, photos, filled } = stratum;
  const waiting = stratum.units.filter((unit) => !done.has(unit));
  const laid = new Map<Unit, number>(waiting.map((unit) => [unit, 0]));
  const missing = shares.map((share, part) => photos * share - (filled[part] ?? 0));
  const least = Math.max(1, Math.min(...missing.filter((photosMissing) => photosMissing > 0)));
  const large = waiting.filter((unit) => countOf(unit, name) > least);
  const all = sum(total);
  const behind = shares.map((share, part) => all * share - (total[part] ?? 0));
  for (const unit of large.toSorted((a, b) => countOf(b, name) - countOf(a, name))) {
    const part = mostMissing(missing, behind);
    laid.set(unit, part);
    missing[part] = (missing[part] ?? 0) - countOf(unit, name);
    behind[part] = (behind[part] ?? 0) - unit.members.length;
  }
  const small = waiting.filter((unit) => countOf(unit, name) <= least);
  const length = sum(small.map((unit) => countOf(unit, name)));
  const bounds = boundsOf(missing, length);
  // strata too small for all parts would all go into the same ones, if none of these must have them
  let at = first === undefined ? uniform(seed, hashText(name), 0) * length : 0;
  for (const unit of small) {
    const middle = (at + countOf(unit, name) / 2) % length;
    const part = bounds.findIndex((bound) => middle <= bound);
    laid.set(unit, part < 0 ? lastWith(shares) : part);
    at += countOf(unit, name);
  }
  return laid;
}

/** Where on a line of `length` photos each part ends. */
function boundsOf(missing: readonly number[], length: number): readonly number[] {
  const positive = missing.map((photos) => Math.max(0, photos));
  // parts that have too much leave too little for the others; else nothing is scaled, so that halves stay halves
  const scale = missing.some((photos) => photos < 0) ? length / sum(positive) : 1;
  let end = 0;
  return positive.map((photos) => (end += photos * scale));
}

/**
 * Moves single units so that `first` has the stratum, then the others in their order, each from what `first` can spare
 * or a later one has.
 */
function coverParts(
  { name, filled }: Stratum,
  laid: Map<Unit, number>,
  shares: readonly number[],
  first: number,
): void {
  const inPart = (part: number): readonly Unit[] => [...laid].filter(([, at]) => at === part).map(([unit]) => unit);
  const isMissing = (part: number): boolean =>
    filled[part] === 0 && inPart(part).length === 0 && (shares[part] ?? 0) > 0;
  if (isMissing(first)) {
    const last = [...laid.keys()].at(-1);
    if (last) laid.set(last, first);
  }
  for (const part of shares.keys()) {
    if (!isMissing(part)) continue;
    const own = inPart(first);
    const spare = (filled[first] ?? 0) > 0 || own.length > 1 ? own : [];
    const later = [...laid].filter(([, at]) => at > part && at !== first).map(([unit]) => unit);
    // the smallest, and the one nearest in rank to where the part begins
    const ordered = part < first ? [...spare, ...later] : spare.toReversed();
    const [unit] = ordered.toSorted((a, b) => countOf(a, name) - countOf(b, name));
    if (unit) laid.set(unit, part);
  }
}

function mostMissing(missing: readonly number[], behind: readonly number[]): number {
  let best = 0;
  for (const part of missing.keys()) {
    const more = (missing[part] ?? 0) - (missing[best] ?? 0);
    if (more > 0 || (more === 0 && (behind[part] ?? 0) > (behind[best] ?? 0))) best = part;
  }
  return best;
}

function lastWith(shares: readonly number[]): number {
  return shares.findLastIndex((share) => share > 0);
}

function countOf(unit: Unit, name: string): number {
  return unit.counts.get(name) ?? 0;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
