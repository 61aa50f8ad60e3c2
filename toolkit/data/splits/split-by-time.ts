import { ToolkitError } from "../../errors.ts";
import type { Entry, Part } from "../entry.ts";
import { rankedShares, type SplitShares } from "./shares.ts";

export interface TimeSplitOptions extends SplitShares {
  /** When a photo was taken, in milliseconds since 1970; undefined where nobody knows. */
  readonly dateOf: (entry: Entry) => number | undefined;
}

/** Photos that cannot be told apart by time. */
interface Moment {
  readonly date: number;
  readonly members: number[];
}

/**
 * The part of each entry: the latest photos are tested on, those before them validate, the others train; so does a
 * photo of unknown date.
 *
 * Photos of one time stay together, so shares are met as nearly as these allow. A group goes by its latest photo: none
 * that trains is later than one that validates.
 * @throws E_SETTING, where there are fewer different times than parts
 */
export function splitByTime(entries: readonly Entry[], { dateOf, ...shares }: TimeSplitOptions): readonly Part[] {
  const [validationShare = 0, , testShare = 0] = rankedShares(shares);
  const moments = momentsOf(entries, dateOf);
  const held: readonly (readonly [Part, number])[] = [
    ["test", testShare],
    ["validation", validationShare],
  ];
  const wanted = held.filter(([, share]) => share > 0);
  if (entries.length > 0 && moments.length <= wanted.length && wanted.length > 0) {
    throw new ToolkitError(
      "E_SETTING",
      `Cannot split the data by time: expected photos of ${wanted.length + 1} different times or more, found ${moments.length}`,
      {
        hint: "dates come from EXIF, else from the file, where copying may have changed them; split at random or by group",
      },
    );
  }
  const photos = moments.reduce((sum, { members }) => sum + members.length, 0);
  const parts: Part[] = entries.map(() => "train");
  for (const [i, [part, share]] of wanted.entries()) {
    for (const { members } of takeLatest(moments, photos * share, wanted.length - i)) {
      for (const member of members) parts[member] = part;
    }
  }
  return parts;
}

/** From the earliest to the latest. */
function momentsOf(entries: readonly Entry[], dateOf: TimeSplitOptions["dateOf"]): Moment[] {
  const dates = entries.map((entry) => {
    const date = dateOf(entry);
    return date === undefined || Number.isFinite(date) ? date : undefined;
  });
  const latest = new Map<string, number>();
  for (const [i, { group }] of entries.entries()) {
    const date = dates[i];
    if (group !== undefined && date !== undefined) latest.set(group, Math.max(date, latest.get(group) ?? date));
  }
  const moments = new Map<number, Moment>();
  for (const [i, { group }] of entries.entries()) {
    const date = group === undefined ? dates[i] : latest.get(group);
    if (date === undefined) continue;
    const found = moments.get(date);
    if (found) found.members.push(i);
    else moments.set(date, { date, members: [i] });
  }
  return [...moments.values()].toSorted((a, b) => a.date - b.date);
}

/** Takes the latest moments off the list: one or more, about `wanted` photos, leaving `left` moments. */
function takeLatest(moments: Moment[], wanted: number, left: number): readonly Moment[] {
  let photos = 0;
  let count = 0;
  for (let i = moments.length - 1; i >= left; i--) {
    const more = moments[i]?.members.length ?? 0;
    if (count > 0 && photos + more / 2 > wanted) break;
    photos += more;
    count++;
  }
  return moments.splice(moments.length - count);
}
