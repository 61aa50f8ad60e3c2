import { readdir, readFile, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import { errorMessage, ToolkitError } from "../../errors.ts";
import type { DataSource, Entry, Part } from "../entry.ts";

const PARTS: Readonly<Record<string, Part>> = {
  train: "train",
  val: "validation",
  valid: "validation",
  validation: "validation",
  test: "test",
};

const Index = z.object({
  bin: z.string(),
  classes: z.array(z.string()),
  /** Of each picture: its name, the index of its class, and where its bytes begin and how many they are. */
  images: z.array(z.tuple([z.string(), z.int().min(0), z.int().min(0), z.int().min(1)])),
});
type Index = z.infer<typeof Index>;

/** The first bytes of an index. */
const START = /^\s*\{\s*"bin"\s*:/;

/** Whether a text begins as the index of a container does. */
export function isContainerIndex(start: string): boolean {
  return START.test(start);
}

/** The indices in a folder: JSON files that stand beside what they index. */
export async function containerIndices(folder: string, names: readonly string[]): Promise<readonly string[]> {
  const found: string[] = [];
  for (const name of names.filter((n) => n.endsWith(".json") && names.includes(n.replace(/json$/, "bin"))).toSorted()) {
    if (Object.hasOwn(PARTS, name.slice(0, -".json".length))) found.push(join(folder, name));
  }
  return found;
}

/**
 * Reads pictures that stand one behind the other in one file, and the JSON file that says where:
 * {"bin": file, "classes": [names], "images": [[name, class, offset, length]]}. A folder with train.json and test.json, or one such file; its name says
 * the part of the data.
 * @throws E_DATA_FORMAT
 */
export async function readContainer(path: string): Promise<DataSource> {
  const isFolder = (await stat(path)).isDirectory();
  const paths = isFolder ? await containerIndices(path, await readdir(path)) : [path];
  const indices = await Promise.all(paths.map(async (file) => ({ file, index: await readIndex(file) })));
  const classes = indices[0]?.index.classes ?? [];
  const other = indices.find(({ index }) => JSON.stringify(index.classes) !== JSON.stringify(classes));
  if (other) throw refusal(other.file, `its classes are not those of "${paths[0]}"`);
  const entries = indices.flatMap(({ file, index }) => entriesOf(file, index, isFolder));
  return { entries, classes, isMultiLabel: false, bad: [] };
}

async function readIndex(path: string): Promise<Index> {
  let index: Index;
  try {
    index = Index.parse(JSON.parse(await readFile(path, "utf8")));
  } catch (error) {
    const why =
      error instanceof z.ZodError ? z.prettifyError(error).split("\n").slice(0, 2).join(" ") : errorMessage(error);
    throw refusal(path, why, error);
  }
  if (basename(index.bin) !== index.bin) throw refusal(path, `"${index.bin}" lies in another folder`);
  const status = await stat(join(dirname(path), index.bin)).catch(() => undefined);
  if (!status?.isFile()) throw refusal(path, `"${index.bin}" is not beside it`);
  const outside = index.images.find(([, , offset, length]) => offset + length > status.size);
  if (outside) throw refusal(path, `"${index.bin}" ends before "${outside[0]}"`);
  return index;
}

function entriesOf(path: string, { bin, classes, images }: Index, isPart: boolean): readonly Entry[] {
  const file = join(dirname(path), bin);
  const stem = basename(path).replace(/\.json$/, "");
  const part = isPart ? PARTS[stem] : undefined;
  return images.map(([name, label, offset, length]): Entry => {
    const known = classes[label];
    if (known === undefined) throw refusal(path, `"${name}" is of class ${label}, there are ${classes.length}`);
    const id = `${stem}/${known}/${name}`;
    const picture = { file, offset, length };
    return { id, path: `${dirname(path)}/${id}`, picture, labels: [known], ...(part ? { part } : {}) };
  });
}

function refusal(path: string, reason: string, cause?: unknown): ToolkitError {
  return new ToolkitError("E_DATA_FORMAT", `Cannot read "${path}" as an index of pictures: ${reason}`, { cause });
}
