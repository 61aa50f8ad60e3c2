import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { uniform } from "../../toolkit/graph/random.ts";

const COLOURS: Readonly<Record<string, readonly [number, number, number]>> = {
  blue: [40, 60, 200],
  green: [40, 180, 60],
  red: [200, 50, 40],
};

export interface ToyOptions {
  readonly train?: number;
  readonly validation?: number;
  readonly sizePx?: number;
}

/** Writes a folder of noisy one-coloured pictures, train/ and val/ with a folder per colour: what any network learns in a few steps. */
export async function writeToyPhotos(
  root: string,
  { train = 8, validation = 4, sizePx = 48 }: ToyOptions = {},
): Promise<void> {
  for (const [split, count] of [
    ["train", train],
    ["val", validation],
  ] as const) {
    for (const [k, [name, colour]] of Object.entries(COLOURS).entries()) {
      const folder = join(root, split, name);
      await mkdir(folder, { recursive: true });
      for (let i = 0; i < count; i++) {
        const seed = k * 1000 + (split === "val" ? 500 : 0) + i;
        const data = Uint8Array.from(
          { length: sizePx * sizePx * 3 },
          (_, at) => (colour[at % 3] ?? 0) + Math.floor(50 * uniform(seed, 1, at)),
        );
        await sharp(data, { raw: { width: sizePx, height: sizePx, channels: 3 } })
          .png()
          .toFile(join(folder, `${name}-${i}.png`));
      }
    }
  }
}
