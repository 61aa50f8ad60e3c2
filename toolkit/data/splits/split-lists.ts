import { readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { errorMessage, ToolkitError } from "../../errors.ts";
import type { Entry, Part } from "../entry.ts";
import type { LeakReport } from "../leaks/find-leaks.ts";
import type { SettledLeaks } from "../leaks/settle-leaks.ts";
import { compareNames } from "../compare-names.ts";

/** Which photos were in which part, and how that came about: what split.json in a run folder says. */
export interface SplitLists {
  /** Such as "random" or "by time". */
  readonly method: string;
  readonly seed?: number;
  /** What else the method was told. */
  readonly settings: Readonly<Record<string, string | number | boolean>>;
  /** Ids, sorted. */
  readonly parts: Readonly<Record<Part, readonly string[]>>;
  /** Ids of photos that are in no part. */
  readonly leftOut: readonly string[];
  /** What the leak check found and did; absent where there was none. */
  readonly leaks?: LeakRecord;
}

export type LeakRecord = Pick<LeakReport, "pairs" | "conflicts" | "lookAlikes"> &
  Pick<SettledLeaks, "moved" | "dropped">;

export interface GivenSplit {
  /** One for each entry; undefined: left out. */
  readonly parts: readonly (Part | undefined)[];
  /** Ids that the lists do not know: these train. */
  readonly added: readonly string[];
  /** Ids in the lists that are no entries. */
  readonly missing: readonly string[];
}

const FILE = "split.json";
const FORMAT = "onnx-graft split";
const part = z.enum(["train", "validation", "test"]);
const copies = z.object({
  a: z.string(),
  b: z.string(),
  kind: z.enum(["exact", "near"]),
  bits: z.number(),
  mirrored: z.boolean(),
  partOfA: part,
  partOfB: part,
});
const dropped = z.object({ id: z.string(), from: part, copyOf: z.string().exactOptional() });
const ids = z.array(z.string());
const schema = z.object({
  format: z.literal(FORMAT),
  version: z.literal(1),
  method: z.string(),
  seed: z.number().int().exactOptional(),
  settings: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  parts: z.object({ train: ids, validation: ids, test: ids }),
  leftOut: ids,
  leaks: z
    .object({
      pairs: z.array(copies),
      conflicts: z.array(copies),
      lookAlikes: z.number().exactOptional(),
      moved: z.array(dropped.extend({ to: part })),
      dropped: z.array(dropped),
    })
    .exactOptional(),
});

/** The lists of a split. */
export function splitLists(
  entries: readonly Entry[],
  parts: readonly (Part | undefined)[],
  about: Omit<SplitLists, "parts" | "leftOut">,
): SplitLists {
  const idsOf = (wanted: Part | undefined): readonly string[] =>
    entries.flatMap(({ id }, i) => (parts[i] === wanted ? id : [])).toSorted(compareNames);
  return {
    ...about,
    parts: { train: idsOf("train"), validation: idsOf("validation"), test: idsOf("test") },
    leftOut: idsOf(undefined),
  };
}

/**
 * Writes the lists into a folder as split.json, whole or not at all, and returns its path.
 * @throws E_WRITE
 */
export async function writeSplitLists(folder: string, lists: SplitLists): Promise<string> {
  const path = join(folder, FILE);
  const temporary = `${path}.tmp-${process.pid}`;
  try {
    await writeFile(temporary, `${JSON.stringify({ format: FORMAT, version: 1, ...lists }, null, 2)}\n`);
    await rename(temporary, path);
    return path;
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw new ToolkitError("E_WRITE", `Cannot write "${path}": ${errorMessage(error)}`, { cause: error });
  }
}

/**
 * Reads such a file, or that of a run folder.
 * @throws E_DATA_NOT_FOUND where there is none; E_DATA_FORMAT where it is another kind of file
 */
export async function readSplitLists(path: string): Promise<SplitLists> {
  const isFolder = (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
  const file = isFolder ? join(path, FILE) : path;
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    throw new ToolkitError("E_DATA_NOT_FOUND", `Cannot read the split in "${file}": ${errorMessage(error)}`, {
      hint: "expected split.json of a run, or its folder",
      cause: error,
    });
  });
  const { format: _, version: __, ...lists } = parsed(file, text);
  return lists;
}

function parsed(file: string, text: string): z.infer<typeof schema> {
  const refuse = (why: string): never => {
    throw new ToolkitError("E_DATA_FORMAT", `Cannot read the split in "${file}": ${why}`, {
      hint: "expected split.json of a run, or its folder",
    });
  };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return refuse(errorMessage(error));
  }
  const result = schema.safeParse(value);
  if (!result.success) {
    const [issue] = result.error.issues;
    return refuse(`${issue?.path.join(".") || "the file"}: ${issue?.message ?? "is no split"}`);
  }
  const { train, validation, test } = result.data.parts;
  const all = [...train, ...validation, ...test, ...result.data.leftOut];
  const twice = all.toSorted(compareNames).find((id, i, sorted) => id === sorted[i + 1]);
  return twice === undefined ? result.data : refuse(`"${twice}" is in it twice`);
}

/**
 * The parts that lists name for entries. A photo that they do not know trains, so that what is measured stays the same.
 * @throws E_DATA_FORMAT where they know none of the entries
 */
export function givenSplit(entries: readonly Entry[], { parts: lists, leftOut }: SplitLists): GivenSplit {
  const known = new Map<string, Part | undefined>(leftOut.map((id) => [id, undefined]));
  for (const name of ["train", "validation", "test"] as const) for (const id of lists[name]) known.set(id, name);
  const own = new Set(entries.map(({ id }) => id));
  const added = [...own].filter((id) => !known.has(id)).toSorted(compareNames);
  if (entries.length > 0 && added.length === own.size) {
    throw new ToolkitError(
      "E_DATA_FORMAT",
      `Cannot split the data by lists: they have none of its photos, such as "${added[0]}"`,
      { hint: "the lists were made of other data, or its folders have other names now" },
    );
  }
  return {
    parts: entries.map(({ id }) => (known.has(id) ? known.get(id) : "train")),
    added,
    missing: [...known.keys()].filter((id) => !own.has(id)).toSorted(compareNames),
  };
}
