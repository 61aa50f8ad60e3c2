import type { Pixels } from "../decoder.ts";
import { blend, blendedLevel } from "./blend.ts";
import { grayscale, luma } from "./grayscale.ts";
import { levelTable, mapLevels } from "./levels.ts";

/** Pillow's ImageEnhance.Brightness: 0 is black, 1 the picture itself. */
export function brightness(pixels: Pixels, factor: number): Pixels {
  return mapLevels(pixels, levelTable(blendedLevel(0, factor)));
}

/** Pillow's ImageEnhance.Contrast: 0 is the mean grey, 1 the picture itself. */
export function contrast(pixels: Pixels, factor: number): Pixels {
  const grey = luma(pixels);
  const mean = grey.reduce((sum, level) => sum + level, 0) / grey.length;
  return mapLevels(pixels, levelTable(blendedLevel(Math.trunc(mean + 0.5), factor)));
}

/** Pillow's ImageEnhance.Color: 0 is without colours, 1 the picture itself. */
export function saturation(pixels: Pixels, factor: number): Pixels {
  return blend(grayscale(pixels), pixels, factor);
}

/** Pillow's ImageEnhance.Sharpness: 0 is smoothed, 1 the picture itself, 2 sharpened. The pixels of the border stay. */
export function sharpness(pixels: Pixels, factor: number): Pixels {
  return blend(smooth(pixels), pixels, factor);
}

/** Pillow's ImageFilter.SMOOTH: the mean of 3x3 pixels, that in the middle counted five times. */
function smooth({ width, height, data }: Pixels): Pixels {
  const out = data.slice();
  const row = width * 3;
  for (let y = 1; y < height - 1; y++) {
    for (let i = y * row + 3; i < (y + 1) * row - 3; i++) {
      const above = data[i - row - 3]! + data[i - row]! + data[i - row + 3]!;
      const below = data[i + row - 3]! + data[i + row]! + data[i + row + 3]!;
      // no sum lies so near to half of 13 that Pillow's float32 would round it differently
      out[i] = (above + below + data[i - 3]! + data[i + 3]! + 5 * data[i]! + 6) / 13;
    }
  }
  return { width, height, data: out };
}
