/** The names a misspelt one may mean, nearest first: a few edits away, or beginning with it. */
export function nearestNames(wanted: string, names: readonly string[], limit = 3): readonly string[] {
  const farthest = Math.max(2, Math.floor(wanted.length / 3));
  return names
    .map((name) => ({ name, edits: name.startsWith(wanted) && wanted !== "" ? 1 : editDistance(wanted, name) }))
    .filter(({ edits }) => edits <= farthest)
    .toSorted((a, b) => a.edits - b.edits)
    .slice(0, limit)
    .map(({ name }) => name);
}

/** How many insertions, deletions and replacements make `b` of `a` (Levenshtein), with texts cut at 64 characters. */
function editDistance(a: string, b: string): number {
  const target = b.slice(0, 64);
  let row = Array.from({ length: target.length + 1 }, (_, j) => j);
  for (const letter of a.slice(0, 64)) {
    const next = [(row[0] ?? 0) + 1];
    for (let j = 1; j <= target.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (letter === target[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
