import { ToolkitError } from "../errors.ts";
import { sharpExif } from "../images/sharp-exif.ts";
import { isPixels } from "./decode-photo.ts";
import type { DataSource, Entry, Part } from "./entry.ts";
import { photoDates } from "./photo-date.ts";
import { stratifiedSplit, type SplitOptions } from "./split.ts";
import { groupedSplit } from "./splits/grouped-split.ts";
import { kFold } from "./splits/k-fold.ts";
import { randomSplit } from "./splits/random-split.ts";
import { splitByTime } from "./splits/split-by-time.ts";

/**
 * The part of each entry: the one that its source gives it; where no part validates, photos that are not for the test are split, by group where they have
 * groups. Where all photos are for training or test, the test validates. Asking for folds, for a test share or for a way to split splits whatever the source
 * does not keep for the test.
 * @throws E_SETTING
 */
export async function partsOf(source: DataSource, options: SplitOptions = {}): Promise<readonly Part[]> {
  const { entries } = source;
  checkShare(options);
  const given = new Set(entries.map(({ part }) => part));
  const isAsked = options.by !== undefined || options.folds !== undefined || (options.testShare ?? 0) > 0;
  if (!isAsked && given.has("validation")) return entries.map(({ part = "train" }) => part);
  if (!isAsked && given.has("test") && given.has("train") && !given.has(undefined)) {
    return entries.map(({ part }) => (part === "test" ? "validation" : "train"));
  }
  const free = entries.filter(({ part }) => part !== "test");
  const chosen = await split(free, source.isMultiLabel, options);
  const parts = new Map(free.map((entry, i) => [entry, chosen[i]]));
  return entries.map((entry) => parts.get(entry) ?? "test");
}

async function split(
  entries: readonly Entry[],
  isMultiLabel: boolean,
  options: SplitOptions,
): Promise<readonly Part[]> {
  const { seed = 0, validationShare = 0.2, testShare = 0, folds, fold = 0 } = options;
  const shares = { validationShare, testShare };
  const hasGroups = entries.some(({ group }) => group !== undefined);
  const { by = hasGroups ? "group" : "random" } = options;
  if (folds !== undefined) return kFold(entries, { folds, fold, seed });
  if (by === "group") return groupedSplit(entries, { seed, ...shares });
  if (by === "time") {
    const dates = await photoDates(entries, {
      exifOf: async (source) => (isPixels(source) ? undefined : sharpExif(source)),
    });
    return splitByTime(entries, { ...shares, dateOf: ({ id }) => dates.get(id)?.ms });
  }
  const isPlain = !isMultiLabel && entries.every(({ labels }) => labels.length === 1);
  return isPlain && testShare === 0
    ? stratifiedParts(entries, { seed, validationShare })
    : randomSplit(entries, { seed, ...shares });
}

function stratifiedParts(entries: readonly Entry[], options: SplitOptions): readonly Part[] {
  const names = [...new Set(entries.map(({ labels }) => labels[0]))];
  const numbers = new Map(names.map((name, i) => [name, i]));
  const samples = entries.map(({ id, path, labels }) => ({ id, path, label: numbers.get(labels[0]) ?? -1 }));
  const validation = new Set(stratifiedSplit(samples, options).validation);
  return samples.map((sample) => (validation.has(sample) ? "validation" : "train"));
}

function checkShare({ validationShare = 0.2 }: SplitOptions): void {
  if (validationShare >= 0 && validationShare < 1) return;
  throw new ToolkitError(
    "E_SETTING",
    `Cannot split the data: expected a validation share from 0 to below 1, got ${validationShare}`,
  );
}
