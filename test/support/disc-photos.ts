import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { uniform } from "../../toolkit/graph/random.ts";
import type { Pixels } from "../../toolkit/images/decoder.ts";

/** Side of the pictures in pixels. */
export const DISC_PX = 16;

/** What is drawn in one picture: a bright disc, whose place is in thousandths of the side. */
export interface Disc {
  readonly file: string;
  readonly x: number;
  readonly y: number;
  readonly side: "left" | "right";
  readonly tone: "red" | "green" | "blue";
  readonly pixels: Pixels;
}

const TONES = ["red", "green", "blue"] as const;

/**
 * Draws discs on dark ground and writes photos.csv beside them: file, side (left or right), tone (its colour), x and y in thousandths of the side, y of each
 * fifth left empty, and split.
 */
export async function writeDiscPhotos(root: string, count = 240): Promise<readonly Disc[]> {
  await mkdir(root, { recursive: true });
  const discs: Disc[] = [];
  for (let i = 0; i < count; i++) {
    const [x, y] = [0.2 + 0.6 * uniform(3, i, 0), 0.2 + 0.6 * uniform(3, i, 1)];
    const tone = Math.floor(3 * uniform(3, i, 2));
    const data = Uint8Array.from({ length: DISC_PX * DISC_PX * 3 }, (_, at) => {
      const [column, row] = [Math.floor(at / 3) % DISC_PX, Math.floor(at / 3 / DISC_PX)];
      const distance = Math.hypot(column + 0.5 - x * DISC_PX, row + 0.5 - y * DISC_PX);
      const light = at % 3 === tone ? 230 : 110;
      return 20 + Math.floor(light * Math.min(1, Math.max(0, 3.5 - distance)));
    });
    const file = `${i}.png`;
    await sharp(data, { raw: { width: DISC_PX, height: DISC_PX, channels: 3 } })
      .png()
      .toFile(join(root, file));
    discs.push({
      file,
      x: 1000 * x,
      y: 1000 * y,
      side: x < 0.5 ? "left" : "right",
      tone: TONES[tone] ?? "red",
      pixels: { width: DISC_PX, height: DISC_PX, data },
    });
  }
  const rows = discs.map(({ file, x, y, side, tone }, i) =>
    [file, side, tone, x.toFixed(3), i % 5 === 0 ? "" : y.toFixed(3), i % 4 === 3 ? "val" : "train"].join(","),
  );
  await writeFile(join(root, "photos.csv"), ["file,side,tone,x,y,split", ...rows, ""].join("\n"));
  return discs;
}
