import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { DESIGNERS } from "./drawings.ts";
import type { Drawn } from "./drawings.ts";

const SIDE = 32;
/** Whether a point, from -1 to 1 in both directions, belongs to a shape of this size. */
const SHAPES: Readonly<Record<string, (x: number, y: number, size: number) => boolean>> = {
  disc: (x, y, size) => x * x + y * y < size * size,
  square: (x, y, size) => Math.max(Math.abs(x), Math.abs(y)) < size,
  cross: (x, y, size) => Math.min(Math.abs(x), Math.abs(y)) < size / 4 && Math.max(Math.abs(x), Math.abs(y)) < size,
};
const THINGS = 10;

/** Shapes of ten sizes, coloured by four made-up hands: enough to see that the recipe runs where there are no drawings. */
export async function shapes(folder: string): Promise<readonly Drawn[]> {
  const all: Drawn[] = [];
  for (const [hand, designer] of DESIGNERS.entries()) {
    for (const [label, has] of Object.entries(SHAPES)) {
      const place = join(folder, "shapes", designer, label);
      await mkdir(place, { recursive: true });
      for (let thing = 0; thing < THINGS; thing++) {
        const colour = [60 * hand, 200 - 40 * hand, 90 + 30 * ((hand + 2) % 4)];
        const data = Uint8Array.from({ length: SIDE * SIDE * 3 }, (_, at) => {
          const pixel = Math.floor(at / 3);
          const [x, y] = [((pixel % SIDE) / SIDE) * 2 - 1, (Math.floor(pixel / SIDE) / SIDE) * 2 - 1];
          return has(x, y, 0.3 + 0.06 * thing) ? (colour[at % 3] ?? 0) : 255;
        });
        const file = join(place, `${thing}.png`);
        await sharp(data, { raw: { width: SIDE, height: SIDE, channels: 3 } })
          .png()
          .toFile(file);
        all.push({ file, designer, thing: `${label}-${thing}`, label });
      }
    }
  }
  return all;
}
