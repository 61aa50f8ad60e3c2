import type { Entry } from "../entry.ts";
import { copySets } from "./copy-sets.ts";
import type { LeakReport } from "./find-leaks.ts";

/**
 * The entries with all copies of a photo in one group, joined with the groups that these are in: `groupedSplit` and
 * `kFold` then keep them on one side, so that nothing needs to be moved and parts keep their sizes.
 */
export function groupCopies(entries: readonly Entry[], { pairs }: Pick<LeakReport, "pairs">): readonly Entry[] {
  const sets = copySets(entries, pairs);
  const members = new Map<number, string[]>();
  for (const [i, { id }] of entries.entries()) {
    const found = members.get(sets.find(i));
    if (found) found.push(id);
    else members.set(sets.find(i), [id]);
  }
  return entries.map((entry, i) => {
    const own = members.get(sets.find(i)) ?? [];
    // named by a photo, not by its place, so that the order of entries changes nothing
    return own.length < 2 ? entry : { ...entry, group: own.reduce((first, id) => (id < first ? id : first)) };
  });
}
