import { classBalance, type ClassBalance } from "../data/balance.ts";
import { type Dataset, datasetOf, type DatasetOptions } from "../data/dataset.ts";
import type { DataSource, Part } from "../data/entry.ts";
import { findLeaks } from "../data/leaks/find-leaks.ts";
import type { LeakFindings } from "../data/leaks/leak-summary.ts";
import { photoPrints } from "../data/leaks/photo-print.ts";
import { settleLeaks } from "../data/leaks/settle-leaks.ts";
import { findOddPhotos } from "../data/find-odd-photos.ts";
import type { OddPhoto } from "../data/odd-photos.ts";
import { divideParts } from "../data/parts.ts";
import { openSource } from "../data/sources/open-source.ts";
import { givenSplit, splitLists, type SplitLists } from "../data/splits/split-lists.ts";
import { atOnceOf, type PhotoDecoder } from "../data/view.ts";

/** What is done about copies of photos in different parts: brought to one side, told and left, or not looked for. */
export type LeakPolicy = "move" | "report" | "ignore";

export interface PrepareDataOptions extends DatasetOptions {
  /** "move" where absent. */
  readonly leaks?: LeakPolicy;
  /** Decodes photos for the leak check; without one photos are not looked at. */
  readonly decoder?: PhotoDecoder;
  /** Shorter side at which they are decoded: training's own, so that its cache serves both. */
  readonly decodePx?: number;
  /** The lists of an earlier run: photos stay in its parts. */
  readonly given?: SplitLists;
  readonly signal?: AbortSignal;
  /** Photos that the leak check has looked at. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** A data set, and what is to be known of it before training. */
export interface PreparedData {
  readonly dataset: Dataset;
  readonly balance: ClassBalance;
  /** Which photo is in which part, and why: see `writeSplitLists`. */
  readonly lists: SplitLists;
  /** Absent where copies were not looked for. */
  readonly leaks?: LeakFindings;
  /** Photos that were divided by the time their file was written, because they do not say when they were taken. */
  readonly datedByFile?: number;
  /** Photos that are read, though not as their name or colours would have it; absent where photos were not looked at. */
  readonly odd?: readonly OddPhoto[];
}

/**
 * Reads what a path holds, divides it into its parts, brings copies to one side, and counts the classes.
 * @throws as `readDataset`; E_SETTING
 */
export async function prepareData(path: string, options: PrepareDataOptions = {}): Promise<PreparedData> {
  const source = await openSource(path, options);
  const { given, decoder, signal } = options;
  const odd = decoder && (await findOddPhotos(source.entries, signal ? { signal } : {}));
  if (given) {
    const { parts } = givenSplit(source.entries, given);
    return { ...prepared(source, parts, { ...given, path }), ...(odd ? { odd } : {}) };
  }
  const { parts, datedByFile } = await divideParts(source, options);
  const leaks = await checkLeaks(source, parts, options);
  const about = {
    path,
    method: methodOf(source, options),
    seed: options.seed ?? 0,
    settings: plainOptions(options),
    ...(leaks ? { leaks: leaks.findings } : {}),
  };
  return {
    ...prepared(source, leaks?.parts ?? parts, about),
    ...(datedByFile === undefined ? {} : { datedByFile }),
    ...(odd ? { odd } : {}),
  };
}

type About = Omit<SplitLists, "parts" | "leftOut"> & { readonly path: string };

function prepared(source: DataSource, parts: readonly (Part | undefined)[], { path, ...about }: About): PreparedData {
  const dataset = datasetOf(source, parts, path);
  const { method, seed, settings, leaks } = about;
  return {
    dataset,
    balance: classBalance(dataset, dataset.classes),
    lists: splitLists(source.entries, parts, {
      method,
      settings,
      ...(seed === undefined ? {} : { seed }),
      ...(leaks ? { leaks } : {}),
    }),
    ...(leaks ? { leaks } : {}),
  };
}

async function checkLeaks(
  { entries }: DataSource,
  parts: readonly Part[],
  { leaks = "move", decoder, decodePx, signal, onProgress }: PrepareDataOptions,
): Promise<{ readonly parts: readonly (Part | undefined)[]; readonly findings: LeakFindings } | undefined> {
  if (leaks === "ignore" || !decoder) return undefined;
  const report = await findLeaks(entries, parts, {
    printOf: photoPrints(decoder, decodePx === undefined ? {} : { minSidePx: decodePx }),
    atOnce: atOnceOf(decoder),
    ...(signal ? { signal } : {}),
    ...(onProgress ? { onProgress } : {}),
  });
  const { pairs, conflicts, lookAlikes } = report;
  const found = { pairs, conflicts, ...(lookAlikes === undefined ? {} : { lookAlikes }) };
  if (leaks === "report") return { parts, findings: { ...found, moved: [], dropped: [] } };
  const { moved, dropped, parts: settled } = settleLeaks(entries, parts, report);
  return { parts: settled, findings: { ...found, moved, dropped } };
}

/** How the parts came about, for people. */
function methodOf({ entries }: DataSource, { by, folds, fold = 0, testShare = 0 }: PrepareDataOptions): string {
  const isAsked = by !== undefined || folds !== undefined || testShare > 0;
  if (!isAsked && entries.some(({ part }) => part === "validation" || part === "test")) return "given";
  if (folds !== undefined) return `fold ${fold} of ${folds}`;
  const hasGroups = entries.some(({ group }) => group !== undefined);
  return { random: "random", group: "by group", time: "by time" }[by ?? (hasGroups ? "group" : "random")];
}

function plainOptions({
  validationShare = 0.2,
  testShare = 0,
  leaks = "move",
}: PrepareDataOptions): SplitLists["settings"] {
  return { validationShare, testShare, leaks };
}
