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

export interface DividedParts {
  /** One for each entry. */
  readonly parts: readonly Part[];
  /** Photos that were divided by the time their file was written, because they do not say when they were taken. */
  readonly datedByFile?: number;
}

/** The part of each entry: see `divideParts`. @throws E_SETTING */
export async function partsOf(source: DataSource, options: SplitOptions = {}): Promise<readonly Part[]> {
  return (await divideParts(source, options)).parts;
}

/**
 * The part of each entry: the one that its source gives it; where no part validates, photos that are not for the test are split, by group where they have
 * groups. Where all photos are for training or test, the test validates. Asking for folds, for a test share or for a way to split splits whatever the source
 * does not keep for the test.
 * @throws E_SETTING
 */
export async function divideParts(source: DataSource, options: SplitOptions = {}): Promise<DividedParts> {
  const { entries } = source;
  checkShare(options);
  checkFolds(options);
  const given = new Set(entries.map(({ part }) => part));
  const isAsked = options.by !== undefined || options.folds !== undefined || (options.testShare ?? 0) > 0;
  if (!isAsked && given.has("validation")) return { parts: entries.map(({ part = "train" }) => part) };
  if (!isAsked && given.has("test") && given.has("train") && !given.has(undefined)) {
    return { parts: entries.map(({ part }) => (part === "test" ? "validation" : "train")) };
  }
  const free = entries.filter(({ part }) => part !== "test");
  const { parts: chosen, ...about } = await split(free, source.isMultiLabel, options);
  const parts = new Map(free.map((entry, i) => [entry, chosen[i]]));
  return { parts: entries.map((entry) => parts.get(entry) ?? "test"), ...about };
}

async function split(entries: readonly Entry[], isMultiLabel: boolean, options: SplitOptions): Promise<DividedParts> {
  const { seed = 0, validationShare = 0.2, testShare = 0, folds, fold = 0 } = options;
  const shares = { validationShare, testShare };
  const hasGroups = entries.some(({ group }) => group !== undefined);
  const { by = hasGroups ? "group" : "random" } = options;
  if (folds !== undefined) return { parts: kFold(entries, { folds, fold, seed }) };
  if (by === "group") return { parts: groupedSplit(entries, { seed, ...shares }) };
  if (by === "time") {
    const dates = await photoDates(entries, {
      exifOf: async (source) => (isPixels(source) ? undefined : sharpExif(source)),
    });
    const parts = splitByTime(entries, { ...shares, dateOf: ({ id }) => dates.get(id)?.ms });
    return { parts, datedByFile: [...dates.values()].filter(({ from }) => from === "file").length };
  }
  const isPlain = !isMultiLabel && entries.every(({ labels }) => labels.length === 1);
  const parts =
    isPlain && testShare === 0
      ? stratifiedParts(entries, { seed, validationShare })
      : randomSplit(entries, { seed, ...shares });
  return { parts };
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

/** What folds do not heed must not be said beside them. */
function checkFolds({ folds, fold, by, testShare = 0 }: SplitOptions): void {
  const refuse = (found: string, hint: string): never => {
    throw new ToolkitError("E_SETTING", `Cannot split the data: ${found}`, { hint });
  };
  if (folds === undefined) {
    if (fold !== undefined) refuse(`fold ${fold} of no number of folds`, "say into how many: --folds 5");
    return;
  }
  if (by === "time") refuse("expected folds or a split by time, got both", "leave out --folds, or --split-by");
  if (testShare > 0) {
    refuse(
      `expected folds or a test share, got ${folds} folds and ${testShare}`,
      "over all folds each photo is measured once; photos for a test of their own are said in test/, or in a column split",
    );
  }
}
