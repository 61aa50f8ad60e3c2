import { readFile, stat } from "node:fs/promises";
import { type UnzipFileInfo, unzipSync } from "fflate";
import { errorMessage, ToolkitError } from "../../errors.ts";
import type { Pixels } from "../../images/decoder.ts";
import type { DataSource, Entry, Part } from "../entry.ts";
import { quotedList } from "../quoted-list.ts";
import { type NpyArray, readNpy } from "./npy.ts";
import { expectFits, greyToColour, pixelViews } from "./pixel-rows.ts";
import type { SourceOptions } from "./source-options.ts";

/** Names of the arrays of each part: as MedMNIST has them, and as Keras' data sets do. */
const ARRAYS: readonly { readonly part: Part; readonly images: string; readonly labels: string }[] = [
  { part: "train", images: "train_images", labels: "train_labels" },
  { part: "validation", images: "val_images", labels: "val_labels" },
  { part: "test", images: "test_images", labels: "test_labels" },
  { part: "train", images: "x_train", labels: "y_train" },
  { part: "test", images: "x_test", labels: "y_test" },
];
const WANTED: ReadonlySet<string> = new Set(ARRAYS.flatMap(({ images, labels }) => [`${images}.npy`, `${labels}.npy`]));
/** Of the file, and of what is in it. */
const MOST_BYTES = 2 ** 31 - 1;

/**
 * Reads a .npz file as MedMNIST's: uint8 pictures [N,H,W] or [N,H,W,3], and labels [N] or [N,1], or [N,classes] of 0 and 1, which make it a set of several labels.
 * Classes are called by their numbers or by `classNames`. All pictures are in memory.
 * @throws E_DATA_FORMAT
 */
export async function readNpz(
  path: string,
  { classNames }: Pick<SourceOptions, "classNames"> = {},
): Promise<DataSource> {
  const arrays = await unpack(path);
  const entries: Entry[] = [];
  const columns = new Set<number>();
  let most = -1;
  for (const { part, images, labels } of ARRAYS) {
    const pictures = arrays.get(images);
    if (!pictures) continue;
    const given = arrays.get(labels);
    if (!given) throw refusal(path, `"${images}" has no "${labels}" beside it`);
    const rows = labelRows(path, labels, given);
    const views = picturesOf(path, images, pictures);
    if (views.length !== rows.length) throw refusal(path, `${rows.length} labels for ${views.length} of "${images}"`);
    columns.add(given.shape.length === 2 ? (given.shape[1] ?? 1) : 1);
    for (const [i, picture] of views.entries()) {
      const numbers = rows[i] ?? [];
      for (const number of numbers) most = Math.max(most, number);
      const names = numbers.map((number) => classNames?.[number] ?? String(number));
      entries.push({ id: `${part}/${i}`, path: `${path}/${images}#${i}`, picture, labels: names, part });
    }
  }
  const [width = 1] = columns;
  if (columns.size > 1) throw refusal(path, "its parts have labels of different shapes");
  const count = width > 1 ? width : most + 1;
  const classes = Array.from({ length: count }, (_, i) => classNames?.[i] ?? String(i));
  return { entries, classes, isMultiLabel: width > 1, bad: [] };
}

async function unpack(path: string): Promise<ReadonlyMap<string, NpyArray>> {
  const { size } = await stat(path);
  if (size > MOST_BYTES) throw refusal(path, `it has ${size} bytes, expected at most ${MOST_BYTES}`);
  let bytes = 0;
  let files: Record<string, Uint8Array>;
  const seen: string[] = [];
  const filter = ({ name, originalSize }: UnzipFileInfo): boolean => {
    seen.push(name);
    if (!WANTED.has(name)) return false;
    bytes += originalSize;
    if (bytes > MOST_BYTES) throw refusal(path, `it unpacks to more than ${MOST_BYTES} bytes`);
    return true;
  };
  try {
    files = unzipSync(await readFile(path), { filter });
  } catch (error) {
    throw error instanceof ToolkitError ? error : refusal(path, errorMessage(error));
  }
  const arrays = Object.entries(files).map(([file, content]) => {
    const name = file.replace(/\.npy$/, "");
    return [name, readNpy(content, `${path}/${name}`)] as const;
  });
  if (arrays.length > 0) return new Map(arrays);
  throw refusal(path, `expected "train_images" and "train_labels" in it, found ${quotedList(seen) || "nothing"}`);
}

/** As NumPy calls it; 64-bit whole numbers were read as float64. */
function typeOf(data: NpyArray["data"]): string {
  return data.constructor.name.replace("Array", "").toLowerCase();
}

function picturesOf(path: string, name: string, { shape, data }: NpyArray): readonly Pixels[] {
  const [count = 0, height = 0, width = 0, channels = 1] = shape;
  const isPictures =
    data instanceof Uint8Array && (shape.length === 3 || (shape.length === 4 && [1, 3].includes(channels)));
  if (!isPictures) {
    throw refusal(path, `"${name}" is ${typeOf(data)} [${shape.join(",")}], expected uint8 [N,H,W] or [N,H,W,3]`);
  }
  expectFits(path, count, { width, height });
  return pixelViews(channels === 3 ? data : greyToColour(data), { width, height });
}

/** The classes of each picture. */
function labelRows(path: string, name: string, { shape, data }: NpyArray): readonly (readonly number[])[] {
  const [count = 0, width = 1] = shape;
  if (shape.length === 0 || shape.length > 2) {
    throw refusal(path, `"${name}" is [${shape.join(",")}], expected [N], [N,1] or [N,classes]`);
  }
  return Array.from({ length: count }, (_, i) => {
    const row = Array.from(data.subarray(i * width, (i + 1) * width));
    const isWrong = row.some((value) => !Number.isInteger(value) || value < 0 || (width > 1 && value > 1));
    if (isWrong)
      throw refusal(path, `"${name}" has ${row.join(", ")} at ${i}, expected ${width > 1 ? "0 or 1" : "a class"}`);
    return width > 1 ? row.flatMap((value, k) => (value === 1 ? [k] : [])) : row;
  });
}

function refusal(path: string, reason: string): ToolkitError {
  return new ToolkitError("E_DATA_FORMAT", `Cannot read "${path}": ${reason}`, {
    hint: "expected a .npz of pictures and labels, as MedMNIST has; unpack any other archive and give the folder",
  });
}
