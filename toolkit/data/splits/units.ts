import type { Entry } from "../entry.ts";
import type { Unit } from "./stratify.ts";

/** Ranges that numbers are cut into; each has so many photos at least. */
const MOST_BINS = 10;
const LEAST_IN_BIN = 10;

/**
 * The entries as units that go into one part each: every photo by itself, or, where `grouped`, the photos of a group
 * together.
 */
export function unitsOf(entries: readonly Entry[], { grouped }: { readonly grouped: boolean }): readonly Unit[] {
  const strata = strataOf(entries);
  const members = new Map<string, number[]>();
  for (const [i, { id, group }] of entries.entries()) {
    // no id has the character, so that a group and a photo of one name stay apart
    const key = grouped && group !== undefined ? `group\0${group}` : id;
    const found = members.get(key);
    if (found) found.push(i);
    else members.set(key, [i]);
  }
  return [...members].map(([key, indices]) => {
    const counts = new Map<string, number>();
    for (const name of indices.flatMap((i) => strata[i] ?? [])) counts.set(name, (counts.get(name) ?? 0) + 1);
    return { key, members: indices, counts };
  });
}

/** The strata of each entry: its labels; where no photo has any, the ranges that its numbers lie in. */
function strataOf(entries: readonly Entry[]): readonly (readonly string[])[] {
  const none = ["none"];
  if (entries.some(({ labels }) => labels.length > 0)) {
    return entries.map(({ labels }) =>
      labels.length > 0 ? [...new Set(labels)].map((name) => `label ${name}`) : none,
    );
  }
  const columns = Math.max(0, ...entries.map(({ numbers }) => numbers?.length ?? 0));
  if (columns === 0) return entries.map(() => none);
  const bins = Array.from({ length: columns }, (_, column) =>
    quantileBins(entries.map(({ numbers }) => numbers?.[column] ?? Number.NaN)),
  );
  return entries.map((_, i) => bins.map((bin, column) => `column ${column}, ${bin[i]}`));
}

/**
 * Which of up to ten ranges with about the same number of values each value lies in; equal ones lie in the same, and -1
 * is none.
 */
function quantileBins(values: readonly number[]): readonly number[] {
  const sorted = values.filter((value) => Number.isFinite(value)).toSorted((a, b) => a - b);
  const bins = Math.min(MOST_BINS, Math.floor(sorted.length / LEAST_IN_BIN));
  const edges = new Set<number>();
  for (let i = 1; i < bins; i++) edges.add(sorted[Math.floor((i * sorted.length) / bins)] ?? 0);
  return values.map((value) => (Number.isFinite(value) ? [...edges].filter((edge) => value >= edge).length : -1));
}
