import sharp from "sharp";
import { uniform } from "../../toolkit/graph/random.ts";

export interface Picture {
  readonly name: string;
  readonly bytes: Buffer;
}

export interface PictureOptions {
  readonly width: number;
  readonly height: number;
  readonly format: "png" | "jpeg";
}

/** A disc, or stripes, in any colour on a ground of another one: the same for the same number. */
export async function picture(
  kind: "disc" | "stripes",
  number: number,
  { width, height, format }: PictureOptions,
): Promise<Picture> {
  const draw = (i: number): number => uniform(7, number, i);
  const hue = 360 * draw(0);
  const ink = `hsl(${hue} 70% ${20 + 25 * draw(1)}%)`;
  const [x, y, r] = [width * (0.35 + 0.3 * draw(2)), height * (0.35 + 0.3 * draw(3)), height * (0.2 + 0.12 * draw(4))];
  const gap = width / (6 + Math.floor(5 * draw(5)));
  const stripes = Array.from({ length: Math.ceil(width / gap / 2) }, (_, i) => {
    return `<rect x="${2 * i * gap}" width="${gap}" height="${height}" fill="${ink}"/>`;
  });
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">
    <rect width="100%" height="100%" fill="hsl(${hue + 150} 55% ${65 + 20 * draw(6)}%)"/>
    ${kind === "disc" ? `<circle cx="${x}" cy="${y}" r="${r}" fill="${ink}"/>` : stripes.join("")}
  </svg>`;
  const drawn = sharp(Buffer.from(svg)).removeAlpha();
  const bytes = await (format === "png" ? drawn.png() : drawn.jpeg({ quality: 90 })).toBuffer();
  return { name: `${kind}-${number}.${format === "png" ? "png" : "jpg"}`, bytes };
}
