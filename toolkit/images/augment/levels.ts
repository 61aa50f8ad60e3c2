import type { Pixels } from "../decoder.ts";

/** For each of the 256 levels of a channel the level that it becomes. */
export type LevelTable = Uint8Array;

/** What each level becomes, fractions cut off and what lies outside 0..255 brought inside, as Pillow's `Image.point` does. */
export function levelTable(level: (value: number) => number): LevelTable {
  return Uint8Array.from({ length: 256 }, (_, value) => Math.min(255, Math.max(0, Math.trunc(level(value)))));
}

/** Replaces the levels of red, green and blue, each by its own table; one serves all three. */
export function mapLevels(
  { width, height, data }: Pixels,
  red: LevelTable,
  green: LevelTable = red,
  blue: LevelTable = red,
): Pixels {
  const out = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i += 3) {
    out[i] = red[data[i]!]!;
    out[i + 1] = green[data[i + 1]!]!;
    out[i + 2] = blue[data[i + 2]!]!;
  }
  return { width, height, data: out };
}

/** The negative: Pillow's ImageOps.invert. */
export function invert(pixels: Pixels): Pixels {
  return mapLevels(
    pixels,
    levelTable((value) => 255 - value),
  );
}

/** Keeps the highest `bits` bits of each level: Pillow's ImageOps.posterize. 0 bits leave black. */
export function posterize(pixels: Pixels, bits: number): Pixels {
  return mapLevels(
    pixels,
    levelTable((value) => value & ~(2 ** (8 - bits) - 1)),
  );
}

/** Inverts the levels from `threshold` on: Pillow's ImageOps.solarize. */
export function solarize(pixels: Pixels, threshold: number): Pixels {
  return mapLevels(
    pixels,
    levelTable((value) => (value < threshold ? value : 255 - value)),
  );
}
