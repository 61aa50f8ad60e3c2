import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { ToolkitError } from "../../errors.ts";
import type { Pixels } from "../../images/decoder.ts";
import type { DataSource, Entry, Part } from "../entry.ts";
import { interleave, pixelViews } from "./pixel-rows.ts";

const SIDE_PX = 32;
const PICTURE_BYTES = SIDE_PX * SIDE_PX * 3;

/** How the files of a set are called, and what stands in front of each picture. */
interface Layout {
  readonly files: readonly { readonly name: RegExp; readonly part: Part }[];
  /** Bytes in front of a picture; the last of them is its class. */
  readonly labelBytes: number;
  readonly names: string;
}

const CIFAR10: Layout = {
  files: [
    { name: /^data_batch_\d+\.bin$/, part: "train" },
    { name: /^test_batch\.bin$/, part: "test" },
  ],
  labelBytes: 1,
  names: "batches.meta.txt",
};
/** A coarse class stands before the fine one. */
const CIFAR100: Layout = {
  files: [
    { name: /^train\.bin$/, part: "train" },
    { name: /^test\.bin$/, part: "test" },
  ],
  labelBytes: 2,
  names: "fine_label_names.txt",
};

/** Whether a folder's files are those of CIFAR-10 or CIFAR-100, binary version. */
export function isCifar(names: readonly string[]): boolean {
  return layoutOf(names) !== undefined;
}

/**
 * Reads the folder of CIFAR-10 or CIFAR-100, binary version (https://www.cs.toronto.edu/~kriz/cifar.html): records of a class and 32 x 32 pixels as planes of
 * red, green and blue. All pictures are in memory.
 * @throws E_DATA_FORMAT
 */
export async function readCifar(folder: string): Promise<DataSource> {
  const found = (await readdir(folder)).toSorted();
  const layout = layoutOf(found);
  if (!layout) throw refusal(folder, "expected data_batch_1.bin and others, or train.bin beside fine_label_names.txt");
  const names = found.includes(layout.names) ? await classNames(join(folder, layout.names)) : undefined;
  const entries: Entry[] = [];
  for (const { name, part } of layout.files) {
    for (const file of found.filter((other) => name.test(other))) {
      entries.push(...(await readBatch(join(folder, file), file, { part, names, labelBytes: layout.labelBytes })));
    }
  }
  return { entries, classes: names ?? numbersUpTo(entries), isMultiLabel: false, bad: [] };
}

interface BatchOptions {
  readonly part: Part;
  readonly names: readonly string[] | undefined;
  readonly labelBytes: number;
}

async function readBatch(path: string, file: string, options: BatchOptions): Promise<readonly Entry[]> {
  const { part, names, labelBytes } = options;
  const bytes = await readFile(path);
  const recordBytes = labelBytes + PICTURE_BYTES;
  const count = bytes.length / recordBytes;
  if (count === 0 || !Number.isInteger(count)) {
    throw refusal(path, `expected records of ${recordBytes} bytes, found ${bytes.length} bytes`);
  }
  const data = new Uint8Array(count * PICTURE_BYTES);
  for (let i = 0; i < count; i++) {
    const start = i * recordBytes + labelBytes;
    interleave(bytes.subarray(start, start + PICTURE_BYTES), data, i * PICTURE_BYTES);
  }
  const stem = file.replace(/\.bin$/, "");
  return pixelViews(data, { width: SIDE_PX, height: SIDE_PX }).map((picture: Pixels, i): Entry => {
    const label = bytes[i * recordBytes + labelBytes - 1] ?? 0;
    const name = names ? names[label] : String(label);
    if (name === undefined) throw refusal(path, `picture ${i} is of class ${label}, there are ${names?.length ?? 0}`);
    return { id: `${stem}/${i}`, path: `${path}#${i}`, picture, labels: [name], part };
  });
}

function layoutOf(names: readonly string[]): Layout | undefined {
  if (names.some((name) => CIFAR10.files.some((file) => file.name.test(name)))) return CIFAR10;
  const isHundred =
    names.includes(CIFAR100.names) && CIFAR100.files.some((f) => names.some((name) => f.name.test(name)));
  return isHundred ? CIFAR100 : undefined;
}

async function classNames(path: string): Promise<readonly string[]> {
  const lines = (await readFile(path, "utf8")).split("\n").map((line) => line.trim());
  return lines.filter((line) => line !== "");
}

function numbersUpTo(entries: readonly Entry[]): readonly string[] {
  const most = entries.reduce((largest, { labels }) => Math.max(largest, Number(labels[0])), 0);
  return Array.from({ length: most + 1 }, (_, i) => String(i));
}

function refusal(path: string, reason: string): ToolkitError {
  return new ToolkitError("E_DATA_FORMAT", `Cannot read "${path}" as CIFAR: ${reason}`, {
    hint: "download it again: cifar-10-binary.tar.gz or cifar-100-binary.tar.gz, unpacked",
  });
}
