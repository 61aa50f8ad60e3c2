/** Longer texts are no misspelt names, and comparing them would take long. */
const MAX_LENGTH = 64;
/** A name that contains or begins with the text is nearer than one with a typing error. */
const CONTAINED = 0.5;

/**
 * Up to three names that somebody may have meant: those that contain the text as a word or begin with it, then those a few typing errors away.
 * Both sides are compared as `fold` writes them, by default without case.
 */
export function nearestNames(
  text: string,
  names: readonly string[],
  fold: (name: string) => string = (name) => name.toLowerCase(),
): readonly string[] {
  const wanted = fold(text);
  if (wanted === "" || wanted.length > MAX_LENGTH) return [];
  const most = Math.max(1, Math.floor(wanted.length / 3));
  return names
    .map((name) => ({ name, distance: distance(wanted, fold(name), most) }))
    .filter((candidate) => candidate.distance <= most)
    .toSorted((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1))
    .slice(0, 3)
    .map((candidate) => candidate.name);
}

function distance(text: string, name: string, most: number): number {
  if (name.split(/[ ,]+/).includes(text) || (text.length > 2 && name.startsWith(text))) return CONTAINED;
  return Math.abs(text.length - name.length) > most ? most + 1 : edits(text, name);
}

/** The number of letters to insert, delete, replace or swap (optimal string alignment, Damerau 1964). */
function edits(text: string, name: string): number {
  let before: number[] = [];
  let row = Array.from({ length: name.length + 1 }, (_, j) => j);
  for (let i = 1; i <= text.length; i++) {
    const next = [i];
    for (let j = 1; j <= name.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (text[i - 1] === name[j - 1] ? 0 : 1);
      const cost = Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1);
      const swapped = i > 1 && j > 1 && text[i - 1] === name[j - 2] && text[i - 2] === name[j - 1];
      next.push(swapped ? Math.min(cost, (before[j - 2] ?? 0) + 1) : cost);
    }
    before = row;
    row = next;
  }
  return row[name.length] ?? 0;
}
