import { join } from "node:path";
import { ToolkitError } from "../../errors.ts";
import type { DataSource, Entry, Part } from "../entry.ts";
import { quotedList } from "../quoted-list.ts";
import type { BadFile } from "../sample.ts";
import { compareNames } from "../compare-names.ts";
import type { Found, Scan } from "../scan.ts";

/** In the order in which they are looked for; upper case is accepted. */
const HELD_OUT = ["val", "valid", "validation", "test"];

/**
 * What was found in `root/train/CLASS` with `root/val/CLASS` (or valid, validation) and `root/test/CLASS`, or `root/CLASS`. Folders below a class belong
 * to it.
 * @throws E_DATA_EMPTY, E_DATA_ONE_CLASS, E_DATA_LAYOUT, E_DATA_CLASSES
 */
export function treeSource(root: string, scan: Scan): DataSource {
  const groups = byFirstPart(root, scan);
  const bad = [...scan.bad, ...emptyFolders(root, groups, scan)];
  const train = groups.get("train");
  if (!train) return { ...flat(root, groups, scan), isMultiLabel: false, bad };
  const strange = [...groups.keys()].filter((name) => name !== "train" && !HELD_OUT.includes(name));
  if (strange.length > 0) {
    throw layoutError(
      root,
      `train/ stands beside ${quotedList(strange)}`,
      'expected train/ and val/, or a folder for each class and no "train"',
    );
  }
  const classes = classesOf(join(root, "train"), train, 1, scan.bad);
  const validation = ["val", "valid", "validation"].find((name) => groups.has(name)) ?? "val";
  const part = (name: string, of: Part): readonly Entry[] =>
    labelled(join(root, name), groups.get(name) ?? [], { classes, depth: 1, part: of });
  const entries = [...part("train", "train"), ...part(validation, "validation"), ...part("test", "test")];
  return { entries, classes, isMultiLabel: false, bad };
}

/**
 * The photos to measure known classes on: those of the validation folder where there is one (or of test/), else of a folder for each class.
 * @throws E_DATA_EMPTY, E_DATA_LAYOUT, E_DATA_CLASSES
 */
export function heldOutTree(root: string, scan: Scan, classes: readonly string[]): DataSource {
  const groups = byFirstPart(root, scan);
  const folder = HELD_OUT.find((name) => groups.has(name) && !classes.includes(name));
  const entries =
    folder === undefined
      ? labelled(root, [...groups.values()].flat(), { classes, depth: 0 })
      : labelled(join(root, folder), groups.get(folder) ?? [], { classes, depth: 1 });
  if (entries.length === 0) throw emptyError(root, scan.bad);
  return { entries, classes, isMultiLabel: false, bad: scan.bad };
}

function flat(root: string, groups: Groups, scan: Scan): Pick<DataSource, "entries" | "classes"> {
  const split = ["val", "valid", "validation"].find((name) => groups.has(name));
  if (split)
    throw layoutError(
      root,
      `there is ${split}/ but no train/`,
      `put the training photos into train/, or rename "${split}"`,
    );
  const photos = [...groups.values()].flat();
  const classes = classesOf(root, photos, 0, scan.bad);
  return { entries: labelled(root, photos, { classes, depth: 0 }), classes };
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
    // loose files are refused when the photos get their labels
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

interface Labelling {
  readonly classes: readonly string[];
  /** Where in a photo's path its class stands. */
  readonly depth: number;
  readonly part?: Part;
}

function labelled(folder: string, photos: readonly Found[], { classes, depth, part }: Labelling): readonly Entry[] {
  const loose = photos.filter(({ parts }) => parts.length === depth + 1);
  if (loose.length > 0) refuseLoose(folder, loose, photos.length - loose.length);
  const known = new Set(classes);
  const unknown = new Set<string>();
  const entries = photos.map(({ path, picture, parts }): Entry => {
    const name = (parts[depth] ?? "").normalize("NFC");
    if (!known.has(name)) unknown.add(name);
    const more = { ...(picture ? { picture } : {}), ...(part ? { part } : {}) };
    return { id: parts.join("/"), path, labels: [name], ...more };
  });
  if (unknown.size === 0) return entries;
  throw new ToolkitError(
    "E_DATA_CLASSES",
    `Cannot use "${folder}": ${quotedList([...unknown])} is none of the classes ${quotedList(classes)}`,
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
  const found = `${loose.length === 1 ? "a photo lies" : `${loose.length} photos lie`} directly in it (${quotedList(loose.map((p) => p.parts.at(-1) ?? ""))})`;
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
