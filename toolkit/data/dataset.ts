import { createHash } from "node:crypto";
import { ToolkitError } from "../errors.ts";
import type { DataSource, Entry, Part } from "./entry.ts";
import { partsOf } from "./parts.ts";
import { quotedList } from "./quoted-list.ts";
import type { BadFile, Sample } from "./sample.ts";
import { compareNames } from "./compare-names.ts";
import { readHeldOut } from "./sources/folders.ts";
import { openSource } from "./sources/open-source.ts";
import { sourceKind } from "./sources/source-kind.ts";
import type { SourceOptions } from "./sources/source-options.ts";
import type { SplitOptions } from "./split.ts";

export interface Dataset {
  /** In the order of their numbers where the source has one; else sorted by name, in every locale alike. None where only numbers are learnt. */
  readonly classes: readonly string[];
  readonly train: readonly Sample[];
  readonly validation: readonly Sample[];
  /** The photos that neither train nor validate. */
  readonly test?: readonly Sample[];
  /** Whether photos may have several labels, or none: `labels` says which; false where absent. */
  readonly isMultiLabel?: boolean;
  /** What the samples' `numbers` stand for. */
  readonly columns?: readonly string[];
  /** Files and folders that are left out, and why. Files that turn out to be broken are only met when they are decoded. */
  readonly bad: readonly BadFile[];
}

export type DatasetOptions = SplitOptions & SourceOptions;

export interface EvaluationSet {
  readonly samples: readonly Sample[];
  readonly isMultiLabel: boolean;
  readonly bad: readonly BadFile[];
}

/**
 * Reads what a path holds (see `openSource`), and divides it into its parts (see `partsOf`): for a folder `root/train/CLASS` with `root/val/CLASS` (or valid,
 * validation; test, where there is none of these), or `root/CLASS`, which is split by seed. Folders below a class belong to it.
 * @throws E_DATA_NOT_FOUND, E_DATA_EMPTY, E_DATA_ONE_CLASS, E_DATA_LAYOUT, E_DATA_CLASSES, E_DATA_MANIFEST, E_DATA_FORMAT, E_SETTING
 */
export async function readDataset(path: string, options: DatasetOptions = {}): Promise<Dataset> {
  const source = await openSource(path, options);
  return datasetOf(source, await partsOf(source, options), path);
}

/**
 * The samples of a source by part; an entry without one is left out. `name` is what errors call it.
 * @throws E_DATA_EMPTY where nothing trains, E_DATA_ONE_CLASS, E_DATA_CLASSES where another part has labels that training has not
 */
export function datasetOf(source: DataSource, parts: readonly (Part | undefined)[], name: string): Dataset {
  const { entries, isMultiLabel, columns, bad } = source;
  const of = (part: Part): readonly Entry[] => entries.filter((_, i) => parts[i] === part);
  const train = of("train");
  if (train.length === 0) {
    throw new ToolkitError(
      "E_DATA_EMPTY",
      `Cannot train on "${name}": none of its ${entries.length} photos is for training`,
      {
        hint: 'say "train" in the column "split", or leave it empty',
      },
    );
  }
  const classes = source.classes ?? labelsOf(train);
  expectClasses(name, classes, source);
  const samples = (part: Part): readonly Sample[] => samplesOf(name, of(part), classes, isMultiLabel);
  const test = samples("test");
  return {
    classes,
    train: samples("train"),
    validation: samples("validation"),
    ...(test.length > 0 ? { test } : {}),
    ...(isMultiLabel ? { isMultiLabel } : {}),
    ...(columns ? { columns } : {}),
    bad,
  };
}

/**
 * The photos to measure known classes on: those that validate (or those of the test, where none do), else all. Of a folder those of its validation folder
 * (or of test/), else of a folder for each class.
 * @throws E_DATA_NOT_FOUND, E_DATA_EMPTY, E_DATA_LAYOUT, E_DATA_CLASSES, E_DATA_MANIFEST, E_DATA_FORMAT
 */
export async function evaluateSet(
  path: string,
  classes: readonly string[],
  options: SourceOptions = {},
): Promise<EvaluationSet> {
  const kind = await sourceKind(path);
  const source = kind === "folders" ? await readHeldOut(path, classes) : await openSource(path, options);
  const { entries, isMultiLabel, bad } = source;
  const held = (["validation", "test"] as const).find((part) => entries.some((entry) => entry.part === part));
  const measured = held === undefined ? entries : entries.filter(({ part }) => part === held);
  return { samples: samplesOf(path, measured, classes, isMultiLabel), isMultiLabel, bad };
}

/** A digest of which photos are in which split under which labels, numbers and weights: the same wherever the data lie. */
export function datasetFingerprint({ classes, train, validation, columns }: Dataset): string {
  const digest = createHash("sha256").update(JSON.stringify(classes));
  if (columns) digest.update(JSON.stringify(columns));
  for (const [split, samples] of [train, validation].entries()) {
    for (const { id, label, labels, numbers, weight } of samples) {
      const more = labels || numbers || weight !== undefined ? [labels ?? null, numbers ?? null, weight ?? null] : [];
      digest.update(JSON.stringify([split, id, label, ...more]));
    }
  }
  return digest.digest("hex");
}

function labelsOf(entries: readonly Entry[]): readonly string[] {
  return [...new Set(entries.flatMap(({ labels }) => labels))].toSorted(compareNames);
}

function samplesOf(
  name: string,
  entries: readonly Entry[],
  classes: readonly string[],
  isMultiLabel: boolean,
): readonly Sample[] {
  const numbers = new Map(classes.map((label, i) => [label, i]));
  const unknown = labelsOf(entries).filter((label) => !numbers.has(label));
  if (unknown.length > 0) {
    throw new ToolkitError(
      "E_DATA_CLASSES",
      `Cannot use "${name}": ${quotedList(unknown)} is none of the classes ${quotedList(classes)}`,
      { hint: "photos to measure on must have labels that training has" },
    );
  }
  const wrong = isMultiLabel || classes.length === 0 ? undefined : entries.find(({ labels }) => labels.length !== 1);
  if (wrong) {
    throw new ToolkitError(
      "E_DATA_CLASSES",
      `Cannot use "${name}": expected one label for each photo, "${wrong.id}" has ${wrong.labels.length}`,
    );
  }
  return entries.map((entry) => {
    const own = entry.labels.map((label) => numbers.get(label) ?? -1);
    return sampleOf(entry, own, isMultiLabel);
  });
}

function sampleOf(entry: Entry, own: readonly number[], isMultiLabel: boolean): Sample {
  const { id, path, picture, numbers, weight, group } = entry;
  return {
    id,
    path,
    label: own[0] ?? -1,
    ...(picture === undefined ? {} : { picture }),
    ...(isMultiLabel ? { labels: own } : {}),
    ...(numbers ? { numbers } : {}),
    ...(weight === undefined ? {} : { weight }),
    ...(group === undefined ? {} : { group }),
  };
}

function expectClasses(name: string, classes: readonly string[], { columns, isMultiLabel }: DataSource): void {
  const isEnough = classes.length > 1 || (classes.length === 1 && isMultiLabel);
  if (isEnough || (classes.length === 0 && columns)) return;
  const [only] = classes;
  throw new ToolkitError(
    "E_DATA_ONE_CLASS",
    `Cannot train on "${name}": expected two classes or more, found ${only === undefined ? "none" : `only "${only}"`}`,
  );
}
