import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encodePng } from "../../toolkit/report/picture.ts";
import type { Pictures } from "../two-layer-net/pictures.ts";
import { drawCollages } from "./collages.ts";

/** CIFAR-10's classes in the order of their numbers. */
export const CLASSES = [
  "airplane",
  "automobile",
  "bird",
  "cat",
  "deer",
  "dog",
  "frog",
  "horse",
  "ship",
  "truck",
] as const;

/** Single pictures, of which collages are made. */
export interface Sets {
  readonly train: Pictures;
  readonly test: Pictures;
}

/** How many collages there are of each part. */
export interface Counts {
  readonly train: number;
  readonly validation: number;
  readonly test: number;
}

/** Collages are drawn once, the same for every seed of training. */
const DRAWN_BY = 7;

/**
 * Writes collages as PNG files, and tables of file, labels and split for those to learn from and to choose thresholds by, made of `train`, and for those to
 * measure on, made of `test`. No picture is in two of them.
 */
export async function writeCollages(
  folder: string,
  sets: Sets,
  counts: Counts,
): Promise<{ readonly learn: string; readonly test: string }> {
  const learnt = await writePart(folder, "train", sets.train, counts.train + counts.validation, (i) =>
    i < counts.train ? "train" : "validation",
  );
  const measured = await writePart(folder, "test", sets.test, counts.test, () => "");
  const [learn, test] = [join(folder, "collages.csv"), join(folder, "test.csv")];
  await writeFile(learn, table(learnt));
  await writeFile(test, table(measured));
  return { learn, test };
}

interface Line {
  readonly file: string;
  readonly labels: string;
  readonly split: string;
}

async function writePart(
  folder: string,
  name: string,
  pictures: Pictures,
  count: number,
  splitOf: (index: number) => string,
): Promise<readonly Line[]> {
  await mkdir(join(folder, name), { recursive: true });
  const lines: Line[] = [];
  for (const { pixels, labels } of drawCollages(pictures, count, DRAWN_BY)) {
    const file = `${name}/${String(lines.length).padStart(4, "0")}.png`;
    await writeFile(join(folder, file), await encodePng(pixels));
    lines.push({ file, labels: labels.map((k) => CLASSES[k]).join("|"), split: splitOf(lines.length) });
  }
  return lines;
}

function table(lines: readonly Line[]): string {
  return ["file,labels,split", ...lines.map(({ file, labels, split }) => `${file},${labels},${split}`), ""].join("\n");
}
