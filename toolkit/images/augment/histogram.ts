import type { Pixels } from "../decoder.ts";
import { levelTable, mapLevels } from "./levels.ts";
import type { LevelTable } from "./levels.ts";

/** Stretches the levels of each channel from 0 to 255: Pillow's ImageOps.autocontrast, nothing cut off. */
export function autocontrast(pixels: Pixels): Pixels {
  return mapLevels(pixels, ...tables(pixels, stretched));
}

/** Makes the levels of each channel about equally frequent: Pillow's ImageOps.equalize. */
export function equalize(pixels: Pixels): Pixels {
  return mapLevels(pixels, ...tables(pixels, equalized));
}

type Counts = Uint32Array;

function tables({ data }: Pixels, table: (counts: Counts) => LevelTable): [LevelTable, LevelTable, LevelTable] {
  const [red, green, blue] = [new Uint32Array(256), new Uint32Array(256), new Uint32Array(256)];
  for (let i = 0; i < data.length; i += 3) {
    red[data[i]!]!++;
    green[data[i + 1]!]!++;
    blue[data[i + 2]!]!++;
  }
  return [table(red), table(green), table(blue)];
}

function stretched(counts: Counts): LevelTable {
  const low = counts.findIndex((count) => count > 0);
  const high = counts.findLastIndex((count) => count > 0);
  if (high <= low) return levelTable((value) => value);
  const scale = 255 / (high - low);
  const offset = -low * scale;
  return levelTable((value) => value * scale + offset);
}

function equalized(counts: Counts): LevelTable {
  const last = counts.findLast((count) => count > 0) ?? 0;
  const step = Math.floor((counts.reduce((sum, count) => sum + count, 0) - last) / 255);
  // also where only one level occurs
  if (step === 0) return levelTable((value) => value);
  let below = Math.floor(step / 2);
  return levelTable((value) => {
    const level = Math.floor(below / step);
    below += counts[value]!;
    return level;
  });
}
