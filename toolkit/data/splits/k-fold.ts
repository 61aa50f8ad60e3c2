import { ToolkitError } from "../../errors.ts";
import type { Entry, Part } from "../entry.ts";
import { checkSeed } from "./shares.ts";
import { stratify } from "./stratify.ts";
import { unitsOf } from "./units.ts";

export interface KFoldOptions {
  /** Folds that the photos are divided into; 5 where absent. */
  readonly folds?: number;
  /** The fold that validates, from 0. */
  readonly fold: number;
  readonly seed?: number;
}

/**
 * The part of each entry where one of several folds validates and the others train: over all folds, each photo
 * validates once.
 *
 * Folds have the same share of every label, as `randomSplit` has it; photos of one group are in one fold.
 * @throws E_SETTING
 */
export function kFold(entries: readonly Entry[], { folds = 5, fold, seed = 0 }: KFoldOptions): readonly Part[] {
  const units = unitsOf(entries, { grouped: true });
  if (!Number.isInteger(folds) || folds < 2) {
    throw new ToolkitError("E_SETTING", `Cannot split the data: expected two folds or more, got ${folds}`);
  }
  if (!Number.isInteger(fold) || fold < 0 || fold >= folds) {
    throw new ToolkitError("E_SETTING", `Cannot split the data: expected a fold from 0 to ${folds - 1}, got ${fold}`);
  }
  if (entries.length > 0 && units.length < folds) {
    const what = units.length === entries.length ? "photos" : "groups";
    throw new ToolkitError(
      "E_SETTING",
      `Cannot split the data: expected at least as many ${what} as folds, got ${units.length} ${what} for ${folds} folds`,
    );
  }
  const shares = Array.from({ length: folds }, () => 1 / folds);
  const chosen = stratify(units, { seed: checkSeed(seed), shares });
  const parts: Part[] = entries.map(() => "train");
  for (const [i, { members }] of units.entries()) {
    if (chosen[i] === fold) for (const member of members) parts[member] = "validation";
  }
  return parts;
}
