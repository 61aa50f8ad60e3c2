import type { Pixels } from "../decoder.ts";
import type { Box } from "../resample.ts";
import { filled } from "./colour.ts";
import type { Colour } from "./colour.ts";
import { uniformBytes } from "./noise.ts";

/** Fills a rectangle with one colour; what of it lies outside is left out. */
export function erase(pixels: Pixels, box: Box, colour: Colour): Pixels {
  const part = within(pixels, box);
  return covered(pixels, part, filled(part.width, part.height, colour));
}

/** Fills a rectangle with random bytes that follow from `seed`; what of it lies outside is left out. */
export function eraseWithNoise(pixels: Pixels, box: Box, seed: number): Pixels {
  const part = within(pixels, box);
  return covered(pixels, part, uniformBytes(part.width * part.height * 3, seed));
}

function within({ width, height }: Pixels, box: Box): Box {
  const [left, top] = [Math.max(0, box.left), Math.max(0, box.top)];
  const right = Math.min(width, box.left + box.width);
  const bottom = Math.min(height, box.top + box.height);
  return { left, top, width: Math.max(0, right - left), height: Math.max(0, bottom - top) };
}

function covered({ width, height, data }: Pixels, box: Box, cover: Uint8Array): Pixels {
  const out = data.slice();
  for (let y = 0; y < box.height; y++) {
    const row = cover.subarray(y * box.width * 3, (y + 1) * box.width * 3);
    out.set(row, ((box.top + y) * width + box.left) * 3);
  }
  return { width, height, data: out };
}
