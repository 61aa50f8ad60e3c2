import { createHash } from "node:crypto";
import { readdir, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { ToolkitError } from "../errors.ts";
import { nearestNames } from "../nearest-names.ts";
import type { BadFile, Sample } from "./sample.ts";
import { compareNames, type Found, type Scan, scanFolder } from "./scan.ts";
import { stratifiedSplit, type SplitOptions } from "./split.ts";

export interface Dataset {
  /** Sorted by name, in every locale alike. */
  readonly classes: readonly string[];
  readonly train: readonly Sample[];
  readonly validation: readonly Sample[];
  /** The photos of test/, where there is a validation folder besides. */
  readonly test?: readonly Sample[];
  /** Files and folders that are left out, and why. Files that turn out to be broken are only met when they are decoded. */
  readonly bad: readonly BadFile[];
}

export interface EvaluationSet {
  readonly samples: readonly Sample[];
  readonly bad: readonly BadFile[];
}

/** In the order in which they are looked for; upper case is accepted. */
const HELD_OUT = ["val", "valid", "validation", "test"];

/**
 * Reads `root/train/CLASS` with `root/val/CLASS` (or valid, validation; test, where there is none of these), or `root/CLASS`, which is split by
 * seed. Folders below a class belong to it.
 * @throws E_DATA_NOT_FOUND, E_DATA_EMPTY, E_DATA_ONE_CLASS, E_DATA_LAYOUT, E_DATA_CLASSES, E_SETTING
 */
export async function readDataset(root: string, options: SplitOptions = {}): Promise<Dataset> {
  const { validationShare = 0.2 } = options;
  if (!(validationShare >= 0 && validationShare < 1)) {
    throw new ToolkitError(
      "E_SETTING",
      `Cannot split the data: expected a validation share from 0 to below 1, got ${validationShare}`,
    );
  }
  const scan = await scanExisting(root);
  const groups = byFirstPart(root, scan);
  const train = groups.get("train");
  if (!train) return flatDataset(root, groups, scan, options);
  const strange = [...groups.keys()].filter((name) => name !== "train" && !HELD_OUT.includes(name));
  if (strange.length > 0) {
    throw layoutError(
      root,
      `train/ stands beside ${list(strange)}`,
      'expected train/ and val/, or a folder for each class and no "train"',
    );
  }
  const classes = classesOf(join(root, "train"), train, 1, scan.bad);
  const bad = [...scan.bad, ...emptyFolders(root, groups, scan)];
  const held = (name: string): readonly Sample[] | undefined => {
    const found = groups.get(name);
    return found && labelled(join(root, name), found, classes, 1);
  };
  const own = labelled(join(root, "train"), train, classes, 1);
  const validation = held("val") ?? held("valid") ?? held("validation");
  const test = held("test");
  if (validation) return { classes, train: own, validation, ...(test ? { test } : {}), bad };
  return test ? { classes, train: own, validation: test, bad } : { classes, ...stratifiedSplit(own, options), bad };
}

/**
 * The photos to measure known classes on: those of the validation folder where there is one (or of test/), else of a folder for each class.
 * @throws E_DATA_NOT_FOUND, E_DATA_EMPTY, E_DATA_LAYOUT, E_DATA_CLASSES
 */
export async function evaluateSet(root: string, classes: readonly string[]): Promise<EvaluationSet> {
  const scan = await scanExisting(root);
  const groups = byFirstPart(root, scan);
  const folder = HELD_OUT.find((name) => groups.has(name) && !classes.includes(name));
  const found = folder === undefined ? [...groups.values()].flat() : (groups.get(folder) ?? []);
  const samples = labelled(
    folder === undefined ? root : join(root, folder),
    found,
    classes,
    folder === undefined ? 0 : 1,
  );
  if (samples.length === 0) throw emptyError(root, scan.bad);
  return { samples, bad: scan.bad };
}

/** A digest of which files are in which split under which label: the same wherever the folder lies. */
export function datasetFingerprint({ classes, train, validation }: Dataset): string {
  const digest = createHash("sha256").update(JSON.stringify(classes));
  for (const [split, samples] of [train, validation].entries()) {
    for (const { id, label } of samples) digest.update(JSON.stringify([split, id, label]));
  }
  return digest.digest("hex");
}

/**
 * The scan of a folder that must exist.
 * @throws E_DATA_NOT_FOUND
 */
async function scanExisting(root: string): Promise<Scan> {
  const status = await stat(root).catch(() => undefined);
  if (status?.isDirectory()) return scanFolder(root);
  if (status) throw new ToolkitError("E_DATA_NOT_FOUND", `Cannot read the data in "${root}": expected a folder`);
  throw await notFound(root);
}

/** An error for a path that does not exist, with the name in its folder that comes nearest. */
export async function notFound(path: string): Promise<ToolkitError> {
  const absolute = resolve(path);
  const siblings = await readdir(dirname(absolute)).catch(() => undefined);
  const [nearest] = nearestNames(basename(absolute), siblings ?? []);
  const hint =
    siblings === undefined
      ? `"${dirname(absolute)}" does not exist either`
      : nearest === undefined
        ? `"${dirname(absolute)}" exists, but has nothing of a similar name`
        : `did you mean "${join(dirname(path), nearest)}"?`;
  return new ToolkitError("E_DATA_NOT_FOUND", `Cannot find "${path}"`, { hint });
}

function flatDataset(root: string, groups: Groups, scan: Scan, options: SplitOptions): Dataset {
  const split = ["val", "valid", "validation"].find((name) => groups.has(name));
  if (split)
    throw layoutError(
      root,
      `there is ${split}/ but no train/`,
      `put the training photos into train/, or rename "${split}"`,
    );
  const photos = [...groups.values()].flat();
  const classes = classesOf(root, photos, 0, scan.bad);
  const samples = labelled(root, photos, classes, 0);
  return { classes, ...stratifiedSplit(samples, options), bad: [...scan.bad, ...emptyFolders(root, groups, scan)] };
}

/** Photos by the folder directly below the root, train and the held-out ones in lower case. */
type Groups = ReadonlyMap<string, readonly Found[]>;

function byFirstPart(root: string, { photos, bad }: Scan): Groups {
  const groups = new Map<string, Found[]>();
  const loose = photos.filter((photo) => photo.parts.length === 1);
  for (const photo of photos) {
    const first = groupName(photo.parts[0] ?? "");
    const members = groups.get(first);
    if (members) members.push(photo);
    else if (photo.parts.length > 1) groups.set(first, [photo]);
  }
  if (photos.length === 0) throw emptyError(root, bad);
  if (loose.length > 0) refuseLoose(root, loose, groups.size);
  return groups;
}

function groupName(folder: string): string {
  const lower = folder.toLowerCase();
  return lower === "train" || HELD_OUT.includes(lower) ? lower : folder;
}

function classesOf(
  folder: string,
  photos: readonly Found[],
  depth: number,
  bad: readonly BadFile[],
): readonly string[] {
  const names = new Set<string>();
  const nested = new Set<string>();
  for (const { parts } of photos) {
    const name = parts[depth];
    // loose files are refused when the samples get their labels
    if (name !== undefined && parts.length > depth + 1) names.add(name.normalize("NFC"));
    if (parts.length > depth + 2) nested.add(parts[depth + 1] ?? "");
  }
  const classes = [...names].toSorted(compareNames);
  const [only] = classes;
  if (only === undefined && photos.length === 0) throw emptyError(folder, bad);
  if (classes.length > 1 || only === undefined) return classes;
  const hint =
    nested.size > 1 ? `did you mean "${join(folder, only)}"?` : "put the photos of each class into a folder of its own";
  throw new ToolkitError(
    "E_DATA_ONE_CLASS",
    `Cannot train on "${folder}": expected two classes or more, found only "${only}"`,
    { hint },
  );
}

function labelled(
  folder: string,
  photos: readonly Found[],
  classes: readonly string[],
  depth: number,
): readonly Sample[] {
  const index = new Map(classes.map((name, i) => [name, i]));
  const loose = photos.filter(({ parts }) => parts.length === depth + 1);
  if (loose.length > 0) refuseLoose(folder, loose, photos.length - loose.length);
  const unknown = new Set<string>();
  const samples = photos.map(({ path, parts }): Sample => {
    const name = (parts[depth] ?? "").normalize("NFC");
    const label = index.get(name);
    if (label === undefined) unknown.add(name);
    return { path, label: label ?? -1, id: parts.join("/") };
  });
  if (unknown.size === 0) return samples;
  throw new ToolkitError(
    "E_DATA_CLASSES",
    `Cannot use "${folder}": ${list([...unknown])} is none of the classes ${list(classes)}`,
    {
      hint: "the folders must be named as the classes are; remove or rename the others",
    },
  );
}

function emptyFolders(root: string, groups: Groups, { folders }: Scan): readonly BadFile[] {
  return folders
    .filter((name) => !groups.has(groupName(name)))
    .map((name) => ({
      path: join(root, name),
      code: "E_DATA_EMPTY",
      message: `Cannot use "${join(root, name)}": there is no photo in it`,
    }));
}

function refuseLoose(folder: string, loose: readonly Found[], others: number): never {
  const found = `${loose.length === 1 ? "a photo lies" : `${loose.length} photos lie`} directly in it (${list(loose.map((p) => p.parts.at(-1) ?? ""))})`;
  throw layoutError(
    folder,
    others > 0 ? `${found}, beside folders` : found,
    "put every photo into the folder of its class: CLASS/photo.jpg",
  );
}

function layoutError(folder: string, found: string, hint: string): ToolkitError {
  return new ToolkitError("E_DATA_LAYOUT", `Cannot tell the classes of "${folder}": ${found}`, { hint });
}

function emptyError(folder: string, bad: readonly BadFile[]): ToolkitError {
  const [first] = bad;
  return new ToolkitError("E_DATA_EMPTY", `Cannot use "${folder}": there is no photo in it`, {
    hint: first
      ? `${bad.length} left out; the first: ${first.message}`
      : "expected a folder for each class with its photos in it",
  });
}

function list(names: readonly string[]): string {
  const shown = names.slice(0, 5).map((name) => `"${name}"`);
  return names.length > 5 ? `${shown.join(", ")} and ${names.length - 5} more` : shown.join(", ");
}
