import { readdir, readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { errorMessage, ToolkitError } from "../../errors.ts";
import type { DataSource, Entry, Part } from "../entry.ts";
import { quotedList } from "../quoted-list.ts";
import { expectFits, greyToColour, pixelViews } from "./pixel-rows.ts";
import type { SourceOptions } from "./source-options.ts";

/** "train-images-idx3-ubyte", "emnist-letters-test-images-idx3-ubyte.gz", "t10k-images.idx3-ubyte". */
const IMAGES = /^(?<set>.*?)(?<part>train|test|t10k|valid|val)-images[-.]idx3-ubyte(?:\.gz)?$/;
const PARTS: Readonly<Record<string, Part>> = {
  train: "train",
  test: "test",
  t10k: "test",
  valid: "validation",
  val: "validation",
};
/** Unpacked bytes of one file. */
const MOST_BYTES = 2 ** 30;
const UNSIGNED_BYTE = 8;

interface ImagesFile {
  readonly name: string;
  /** What stands before the part: "emnist-letters-". */
  readonly set: string;
  readonly part: string;
}

/** Whether a folder has files of MNIST's format. */
export function isIdxFolder(names: readonly string[]): boolean {
  return imagesFiles(names).length > 0;
}

/**
 * Reads MNIST, or a set in its format (IDX, http://yann.lecun.com/exdb/mnist), plain or gzipped, by its folder or one of its files: grey pictures and a class each.
 * Those of EMNIST, whose files begin with "emnist-", lie on their side and are turned upright. Classes are called by their numbers, by `classNames`, or by the
 * characters in EMNIST's mapping file. All pictures are in memory.
 * @throws E_DATA_FORMAT, E_DATA_LAYOUT where the folder has several sets
 */
export async function readIdx(
  path: string,
  { classNames }: Pick<SourceOptions, "classNames"> = {},
): Promise<DataSource> {
  const own = IMAGES.exec(basename(path))?.groups?.["set"];
  const folder = own === undefined ? path : dirname(path);
  const names = await readdir(folder).catch((error: unknown) => {
    throw refusal(path, `${errorMessage(error)}; expected a file named as "train-images-idx3-ubyte" or its folder`);
  });
  const all = imagesFiles(names);
  const sets = [...new Set(all.map(({ set }) => set))];
  const set = own ?? sets[0] ?? "";
  if (own === undefined && sets.length > 1) {
    throw new ToolkitError("E_DATA_LAYOUT", `Cannot choose from the sets in "${folder}": ${quotedList(sets)}`, {
      hint: `give a file of one: "${join(folder, all[0]?.name ?? "")}"`,
    });
  }
  const called = classNames ?? (await mappedNames(join(folder, `${set}mapping.txt`)));
  const nameOf = (label: number): string => called?.[label] ?? String(label);
  const entries: Entry[] = [];
  const labels = new Set<number>();
  for (const file of all.filter((other) => other.set === set)) {
    const read = await readPart(folder, file);
    for (const [i, picture] of read.pictures.entries()) {
      const label = read.labels[i] ?? 0;
      labels.add(label);
      const part = PARTS[file.part] ?? "train";
      entries.push({ id: `${file.part}/${i}`, path: `${read.path}#${i}`, picture, labels: [nameOf(label)], part });
    }
  }
  const classes = [...labels].toSorted((a, b) => a - b).map(nameOf);
  return { entries, classes, isMultiLabel: false, bad: [] };
}

function imagesFiles(names: readonly string[]): readonly ImagesFile[] {
  return names.toSorted().flatMap((name) => {
    const { set, part } = IMAGES.exec(name)?.groups ?? {};
    // of a plain file and its gzipped original, one is enough
    const isTwice = name.endsWith(".gz") && names.includes(name.slice(0, -3));
    return set === undefined || part === undefined || isTwice ? [] : [{ name, set, part }];
  });
}

async function readPart(
  folder: string,
  { name, set }: ImagesFile,
): Promise<{ readonly path: string; readonly pictures: ReturnType<typeof pixelViews>; readonly labels: Uint8Array }> {
  const path = join(folder, name);
  const labelsPath = join(folder, name.replace("-images", "-labels").replace("idx3", "idx1"));
  const images = await readArray(path, 3);
  const labels = await readArray(labelsPath, 1);
  const [count = 0, height = 0, width = 0] = images.shape;
  if (labels.shape[0] !== count) throw refusal(labelsPath, `${labels.shape[0]} labels for ${count} pictures`);
  expectFits(path, count, { width, height });
  const isTurned = set.startsWith("emnist-");
  const upright = isTurned ? transposed(images.data, { width, height }) : images.data;
  const size = isTurned ? { width: height, height: width } : { width, height };
  return { path, pictures: pixelViews(greyToColour(upright), size), labels: labels.data };
}

/** An array of bytes with `rank` extents: a magic number, the extents as big-endian 32-bit numbers, the bytes. */
async function readArray(
  path: string,
  rank: number,
): Promise<{ readonly shape: readonly number[]; readonly data: Uint8Array }> {
  const bytes = await readBytes(path);
  const head = 4 + 4 * rank;
  if (bytes.length < head || bytes.readUInt32BE(0) !== UNSIGNED_BYTE * 256 + rank) {
    throw refusal(path, `it does not begin with ${UNSIGNED_BYTE * 256 + rank}`);
  }
  const shape = Array.from({ length: rank }, (_, i) => bytes.readUInt32BE(4 + 4 * i));
  const size = shape.reduce((product, extent) => product * extent, 1);
  if (size === 0 || bytes.length !== head + size) {
    throw refusal(path, `expected ${shape.join(" x ")} bytes, found ${bytes.length - head}`);
  }
  return { shape, data: bytes.subarray(head) };
}

async function readBytes(path: string): Promise<Buffer> {
  const plain = path.replace(/\.gz$/, "");
  for (const name of [path, plain, `${plain}.gz`]) {
    const bytes = await readFile(name).catch(() => undefined);
    if (bytes === undefined) continue;
    if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
    return promisify(gunzip)(bytes, { maxOutputLength: MOST_BYTES }).catch((error: unknown) => {
      throw refusal(name, errorMessage(error), error);
    });
  }
  throw new ToolkitError("E_DATA_NOT_FOUND", `Cannot find "${path}"`, {
    hint: "the labels lie beside the pictures: train-labels-idx1-ubyte",
  });
}

/** Each picture with rows and columns exchanged. */
function transposed(
  data: Uint8Array,
  { width, height }: { readonly width: number; readonly height: number },
): Uint8Array {
  const out = new Uint8Array(data.length);
  for (let start = 0; start < data.length; start += width * height) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) out[start + x * height + y] = data[start + y * width + x] ?? 0;
    }
  }
  return out;
}

/** EMNIST's lines of a class and the codes of its characters, upper case first. */
async function mappedNames(path: string): Promise<readonly string[] | undefined> {
  const text = await readFile(path, "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const names: string[] = [];
  for (const line of text.split("\n")) {
    const [label, ...codes] = line.trim().split(/\s+/).map(Number);
    if (label !== undefined && codes.length > 0) names[label] = String.fromCodePoint(...codes.slice(0, 1));
  }
  return names;
}

function refusal(path: string, reason: string, cause?: unknown): ToolkitError {
  return new ToolkitError("E_DATA_FORMAT", `Cannot read "${path}" as IDX: ${reason}`, {
    hint: "download it again",
    ...(cause === undefined ? {} : { cause }),
  });
}
