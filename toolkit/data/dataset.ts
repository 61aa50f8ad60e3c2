import { ToolkitError } from "../errors.ts";
import type { DataSource, Entry, LabelColumn, Part } from "./entry.ts";
import { partsOf } from "./parts.ts";
import { quotedList } from "./quoted-list.ts";
import type { BadFile, Sample } from "./sample.ts";
import { compareNames } from "./compare-names.ts";
import { readHeldOut } from "./sources/folders.ts";
import { openSource } from "./sources/open-source.ts";
import { sourceKind } from "./sources/source-kind.ts";
import type { SourceOptions } from "./sources/source-options.ts";
import type { SplitOptions } from "./split.ts";
import { givenSplit } from "./splits/split-lists.ts";
import type { SplitLists } from "./splits/split-lists.ts";

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
  /** The column that `classes` are from, where it has a name. */
  readonly labelColumn?: string;
  /** What the samples' `more` stand for: further columns of labels. */
  readonly more?: readonly LabelSet[];
  /** Files and folders that are left out, and why. Files that turn out to be broken are only met when they are decoded. */
  readonly bad: readonly BadFile[];
}

/** The labels of a further column. */
export interface LabelSet extends LabelColumn {
  /** In the order of their numbers. */
  readonly classes: readonly string[];
}

export type DatasetOptions = SplitOptions & SourceOptions;

export interface EvaluationSet {
  readonly samples: readonly Sample[];
  readonly isMultiLabel: boolean;
  /** What the samples' `numbers` stand for. */
  readonly columns?: readonly string[];
  readonly bad: readonly BadFile[];
}

/** What of a table is measured, where that is not one column of labels called so. */
export interface EvaluationOptions extends SourceOptions {
  /** The classes of further columns of labels, in the order of `targets`. */
  readonly more?: readonly LabelSet[];
  /** Which part is measured; where absent the one that validates, else the test, else all. */
  readonly part?: Part;
  /** A run's split of these data, instead of the one that they have themselves. */
  readonly lists?: SplitLists;
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
  const { entries, isMultiLabel, columns, labelColumn, bad } = source;
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
  const more = source.more?.map((column, i) => labelSet(name, column, train, i));
  const samples = (part: Part): readonly Sample[] => samplesOf(name, of(part), { classes, isMultiLabel, more });
  const test = samples("test");
  return {
    classes,
    train: samples("train"),
    validation: samples("validation"),
    ...(test.length > 0 ? { test } : {}),
    ...(isMultiLabel ? { isMultiLabel } : {}),
    ...(columns ? { columns } : {}),
    ...(labelColumn === undefined ? {} : { labelColumn }),
    ...(more ? { more } : {}),
    bad,
  };
}

/**
 * The photos to measure known classes on: those of a part; where none is asked for those that validate (or those of the test, where none do), else all.
 * Of a folder those of its validation folder (or of test/), else of a folder for each class.
 * @throws E_DATA_NOT_FOUND, E_DATA_EMPTY, E_DATA_LAYOUT, E_DATA_CLASSES, E_DATA_MANIFEST, E_DATA_FORMAT
 */
export async function evaluateSet(
  path: string,
  classes: readonly string[],
  { more, part, lists, ...options }: EvaluationOptions = {},
): Promise<EvaluationSet> {
  const isWhole = part !== undefined || lists !== undefined || options.targets !== undefined;
  const isFolders = !isWhole && (await sourceKind(path)) === "folders";
  const source = isFolders ? await readHeldOut(path, classes) : await openSource(path, options);
  const { entries, isMultiLabel, columns, bad } = source;
  const parts = lists ? givenSplit(entries, lists).parts : entries.map((entry) => entry.part);
  const held = part ?? (["validation", "test"] as const).find((name) => parts.includes(name));
  const measured = held === undefined ? entries : entries.filter((_, i) => parts[i] === held);
  if (measured.length === 0) throw nothingMeasured(path, held ?? "test", entries.length);
  const samples = samplesOf(path, measured, { classes, isMultiLabel, more });
  return { samples, isMultiLabel, ...(columns ? { columns } : {}), bad };
}

function nothingMeasured(path: string, part: Part, count: number): ToolkitError {
  const what = { train: "for training", validation: "for validation", test: "for the test" }[part];
  return new ToolkitError("E_DATA_EMPTY", `Cannot measure on "${path}": none of its ${count} photos is ${what}`, {
    hint: "where a run has divided the photos by itself, its split.json says how: hand it in, or its folder (--split RUN)",
  });
}

function labelsOf(entries: readonly Entry[]): readonly string[] {
  return [...new Set(entries.flatMap(({ labels }) => labels))].toSorted(compareNames);
}

/** The labels of a further column that training has. */
function labelSet(name: string, column: LabelColumn, train: readonly Entry[], place: number): LabelSet {
  const classes = [...new Set(train.flatMap(({ more }) => more?.[place] ?? []))].toSorted(compareNames);
  if (classes.length > (column.isMultiLabel ? 0 : 1)) return { ...column, classes };
  const found = classes.length === 0 ? "none" : `only "${classes[0]}"`;
  throw new ToolkitError(
    "E_DATA_ONE_CLASS",
    `Cannot train on "${name}": expected two classes or more in the column "${column.name}", found ${found}`,
  );
}

interface Known {
  readonly classes: readonly string[];
  readonly isMultiLabel: boolean;
  readonly more?: readonly LabelSet[] | undefined;
}

function samplesOf(name: string, entries: readonly Entry[], known: Known): readonly Sample[] {
  const first = numbered(name, entries, known, ({ labels }) => labels);
  const others = known.more?.map((set, i) => numbered(name, entries, set, ({ more }) => more?.[i] ?? []));
  return entries.map((entry, i) =>
    sampleOf(
      entry,
      first[i] ?? [],
      known.isMultiLabel,
      others?.map((own) => own[i] ?? []),
    ),
  );
}

/** The numbers of each entry's labels. */
function numbered(
  name: string,
  entries: readonly Entry[],
  { classes, isMultiLabel }: Known,
  own: (entry: Entry) => readonly string[],
): readonly (readonly number[])[] {
  const numbers = new Map(classes.map((label, i) => [label, i]));
  const unknown = [...new Set(entries.flatMap(own))].filter((label) => !numbers.has(label)).toSorted(compareNames);
  if (unknown.length > 0) {
    throw new ToolkitError(
      "E_DATA_CLASSES",
      `Cannot use "${name}": ${quotedList(unknown)} is none of the classes ${quotedList(classes)}`,
      { hint: "photos to measure on must have labels that training has" },
    );
  }
  const wrong = isMultiLabel || classes.length === 0 ? undefined : entries.find((e) => own(e).length !== 1);
  if (wrong) {
    throw new ToolkitError(
      "E_DATA_CLASSES",
      `Cannot use "${name}": expected one label for each photo, "${wrong.id}" has ${own(wrong).length}`,
    );
  }
  return entries.map((entry) => own(entry).map((label) => numbers.get(label) ?? -1));
}

function sampleOf(
  entry: Entry,
  own: readonly number[],
  isMultiLabel: boolean,
  more: readonly (readonly number[])[] | undefined,
): Sample {
  const { id, path, picture, numbers, weight, group } = entry;
  return {
    id,
    path,
    label: own[0] ?? -1,
    ...(picture === undefined ? {} : { picture }),
    ...(isMultiLabel ? { labels: own } : {}),
    ...(more ? { more } : {}),
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
