import type { Entry, Part } from "../entry.ts";
import { copySets } from "./copy-sets.ts";
import { type Copies, type LeakReport, leaksOf } from "./find-leaks.ts";

/** A photo that is left out. */
export interface DroppedPhoto {
  readonly id: string;
  readonly from: Part;
  /** A photo that it is a copy of; absent where it only follows its group. */
  readonly copyOf?: string;
}

/** A photo that changes its part. */
export interface MovedPhoto extends DroppedPhoto {
  readonly to: Part;
}

export interface SettledLeaks {
  /** One for each entry; undefined: left out. */
  readonly parts: readonly (Part | undefined)[];
  readonly moved: readonly MovedPhoto[];
  readonly dropped: readonly DroppedPhoto[];
}

/** Copies end in the first of their parts. */
const ORDER: readonly Part[] = ["train", "validation", "test"];

/**
 * Brings copies to one side: to training where one of them trains, else to validation. What is measured must be new, so
 * the training part never gives way.
 *
 * A near copy is moved: another size, crop or light is one more picture to learn from. One of the same bytes is left
 * out, since training has it already, and would only count it twice. A photo's group goes with it. Copies with
 * different labels stay where they are: nobody knows which label is right, and none gives the other's answer away.
 */
export function settleLeaks(
  entries: readonly Entry[],
  parts: readonly Part[],
  report: Pick<LeakReport, "pairs">,
): SettledLeaks {
  const partAt = (i: number): Part => parts[i] ?? "train";
  const targets = targetParts(entries, partAt, report);
  const same = copySets(
    entries.map(({ id, path, labels }) => ({ id, path, labels })),
    report.pairs.filter(({ kind }) => kind === "exact"),
  );
  const staying = new Set<number>();
  for (const i of entries.keys()) if (targets[i] === partAt(i)) staying.add(same.find(i));
  const copyOf = nearestCopies(report.pairs);
  const moved: MovedPhoto[] = [];
  const dropped: DroppedPhoto[] = [];
  const settled = entries.map(({ id }, i) => {
    const [from, to] = [partAt(i), targets[i]];
    if (to === undefined || to === from) return from;
    const copy = copyOf.get(id);
    const about = { id, from, ...(copy === undefined ? {} : { copyOf: copy }) };
    if (staying.has(same.find(i))) {
      dropped.push(about);
      return undefined;
    }
    moved.push({ ...about, to });
    return to;
  });
  return { parts: settled, moved, dropped };
}

/** Where each entry belongs; undefined where it has no copy in another part. */
function targetParts(
  entries: readonly Entry[],
  partAt: (i: number) => Part,
  report: Pick<LeakReport, "pairs">,
): readonly (Part | undefined)[] {
  const sets = copySets(entries, report.pairs);
  const leaking = new Set(leaksOf(report).map(({ a }) => a));
  // groups that a given split divides are no leak by themselves
  const roots = new Set([...entries.keys()].filter((i) => leaking.has(entries[i]?.id ?? "")).map((i) => sets.find(i)));
  const first = new Map<number, Part>();
  for (const i of entries.keys()) {
    const root = sets.find(i);
    const before = first.get(root);
    if (!before || ORDER.indexOf(partAt(i)) < ORDER.indexOf(before)) first.set(root, partAt(i));
  }
  return entries.map((_, i) => (roots.has(sets.find(i)) ? first.get(sets.find(i)) : undefined));
}

/** For each id one that is in another part, where there is one: the one that differs least. */
function nearestCopies(pairs: readonly Copies[]): ReadonlyMap<string, string> {
  const order = ({ kind, bits, partOfA, partOfB }: Copies): number =>
    (partOfA === partOfB ? 1000 : 0) + (kind === "exact" ? -1 : bits);
  const nearest = new Map<string, string>();
  for (const { a, b } of pairs.toSorted((x, y) => order(y) - order(x))) {
    nearest.set(a, b);
    nearest.set(b, a);
  }
  return nearest;
}
