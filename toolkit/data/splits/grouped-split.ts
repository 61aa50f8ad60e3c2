import { ToolkitError } from "../../errors.ts";
import type { Entry, Part } from "../entry.ts";
import { partsOf } from "./random-split.ts";
import type { SeededShares } from "./shares.ts";
import { unitsOf } from "./units.ts";

/**
 * The part of each entry, all of a group the same; photos without a group go by themselves. Labels are shared out as
 * `randomSplit` does, as well as groups allow it: large ones go first, each where most is missing.
 * @throws E_SETTING, where no photo has a group, or all have the same
 */
export function groupedSplit(entries: readonly Entry[], options: SeededShares = {}): readonly Part[] {
  const units = unitsOf(entries, { grouped: true });
  const groups = new Set(entries.flatMap(({ group }) => group ?? []));
  const hint = 'give the table a column "group" that names what belongs together: a person, a place, a burst';
  if (entries.length > 0 && groups.size === 0) {
    throw new ToolkitError("E_SETTING", "Cannot split the data by group: no photo has one", { hint });
  }
  if (entries.length > 0 && units.length < 2) {
    const [only] = groups;
    throw new ToolkitError(
      "E_SETTING",
      `Cannot split the data by group: expected two groups or more, found only "${only}"`,
      { hint },
    );
  }
  return partsOf(units, options);
}
