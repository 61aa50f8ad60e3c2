import type { Part } from "../entry.ts";
import { leaksOf, type Copies, type LeakReport } from "./find-leaks.ts";
import type { DroppedPhoto, MovedPhoto } from "./settle-leaks.ts";

/** What is found and done by the leak check. */
export interface LeakFindings extends Pick<LeakReport, "pairs" | "conflicts" | "lookAlikes"> {
  readonly moved: readonly MovedPhoto[];
  readonly dropped: readonly DroppedPhoto[];
}

/** Share of a part that changes, from which the way of splitting is to blame. */
const MANY = 0.1;
const SHOWN = 3;

/**
 * The findings as sentences, the most important first; empty where there are none. `photos` counts the photos of each
 * part before anything was moved.
 */
export function leakSummary(
  { pairs, conflicts, lookAlikes, moved, dropped }: LeakFindings,
  photos: Readonly<Record<Part, number>>,
): readonly string[] {
  const lines: string[] = [];
  const leaks = leaksOf({ pairs });
  const changed = [...moved, ...dropped];
  if (leaks.length > 0) {
    const done = [
      ...(dropped.length > 0 ? [`${count(dropped.length, "photo")} of the same bytes left out`] : []),
      ...(moved.length > 0 ? [`${count(moved.length, "photo")} moved to the other copy's part`] : []),
    ];
    lines.push(
      `${count(leaks.length, "pair")} of copies in different parts (${examples(leaks)}): ${done.join(", ") || "nothing was moved"}`,
    );
  }
  for (const part of ["validation", "test"] as const) {
    const gone = changed.filter(({ from }) => from === part).length;
    if (gone === 0 || gone < MANY * photos[part]) continue;
    const share = ((100 * gone) / photos[part]).toFixed(0);
    lines.push(
      `${share} % of the ${part} photos had a copy in another part: bursts, video frames or augmented copies are best split by group`,
    );
  }
  if (lookAlikes !== undefined) {
    lines.push(
      `${lookAlikes} photos hang together by looks: only the same bytes were taken for copies; if these are bursts or video frames, split by group`,
    );
  }
  if (conflicts.length > 0) {
    lines.push(
      `${count(conflicts.length, "pair")} of copies with different labels (${examples(conflicts)}): look at them, one label may be wrong`,
    );
  }
  const repeats = pairs.length - leaks.length;
  if (repeats > 0) lines.push(`${count(repeats, "pair")} of copies within a part: left as they are`);
  return lines;
}

function examples(pairs: readonly Copies[]): string {
  const shown = pairs.slice(0, SHOWN).map(({ a, b }) => `"${a}" and "${b}"`);
  return [...shown, ...(pairs.length > SHOWN ? [`${pairs.length - SHOWN} more`] : [])].join("; ");
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
