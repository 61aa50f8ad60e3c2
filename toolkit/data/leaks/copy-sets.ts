import type { Entry } from "../entry.ts";
import { type DisjointSets, disjointSets } from "./disjoint-sets.ts";
import type { Copies } from "./find-leaks.ts";

/** Sets of entries, by their places, that belong together: copies of each other, and photos of one group. */
export function copySets(entries: readonly Entry[], pairs: readonly Copies[]): DisjointSets {
  const sets = disjointSets(entries.length);
  const groups = new Map<string, number>();
  const places = new Map<string, number>();
  for (const [i, { id, group }] of entries.entries()) {
    places.set(id, i);
    if (group === undefined) continue;
    const first = groups.get(group);
    if (first === undefined) groups.set(group, i);
    else sets.join(first, i);
  }
  for (const { a, b } of pairs) {
    const [i, j] = [places.get(a), places.get(b)];
    if (i !== undefined && j !== undefined) sets.join(i, j);
  }
  return sets;
}
