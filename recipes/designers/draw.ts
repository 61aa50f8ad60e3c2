/**
 * A process that turns SVG into PNG files, and ends: the decoder of user photos stays closed to SVG, which is a language, not a picture.
 * Reads a JSON list of drawings from its input.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { text } from "node:stream/consumers";
import sharp from "sharp";
import type { Drawing } from "./drawings.ts";

sharp.block({ operation: ["VipsForeignLoad"] });
sharp.unblock({ operation: ["VipsForeignLoadSvg"] });

const drawings = JSON.parse(await text(process.stdin)) as readonly Drawing[];
for (const { svg, file, sizePx } of drawings) {
  await mkdir(dirname(file), { recursive: true });
  const picture = sharp(Buffer.from(svg), { density: 144 }).resize(sizePx, sizePx, {
    fit: "contain",
    background: "white",
  });
  await writeFile(file, await picture.flatten({ background: "white" }).png().toBuffer());
}
