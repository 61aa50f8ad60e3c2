import { compareText } from "./store.ts";

const MAX_LENGTH = 64;

/** Up to three names somebody may have meant: those that contain the text as a word, then those a few typing errors away. */
export function nearestNames(
  text: string,
  names: readonly string[],
  fold: (name: string) => string,
): readonly string[] {
  if (text === "" || text.length > MAX_LENGTH) return [];
  const most = Math.max(1, Math.floor(text.length / 3));
  return names
    .map((name) => ({ name, distance: distance(text, fold(name), most) }))
    .filter((candidate) => candidate.distance <= most)
    .sort((a, b) => a.distance - b.distance || compareText(a.name, b.name))
    .slice(0, 3)
    .map((candidate) => candidate.name);
}

/** 0.5 for a word of the name, else the number of letters to insert, delete, replace or swap; anything above `most` once it is. */
function distance(text: string, name: string, most: number): number {
  if (name.split(/[ ,]+/).includes(text)) return 0.5;
  if (Math.abs(text.length - name.length) > most) return most + 1;
  let before: number[] = [];
  let row = Array.from({ length: name.length + 1 }, (_, j) => j);
  for (let i = 1; i <= text.length; i++) {
    const next = [i];
    for (let j = 1; j <= name.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (text[i - 1] === name[j - 1] ? 0 : 1);
      let cost = Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1);
      if (i > 1 && j > 1 && text[i - 1] === name[j - 2] && text[i - 2] === name[j - 1]) {
        cost = Math.min(cost, (before[j - 2] ?? 0) + 1);
      }
      next.push(cost);
    }
    before = row;
    row = next;
  }
  return row[name.length] ?? most + 1;
}
