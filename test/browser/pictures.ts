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
  const ink = rgb(hue, 0.7, 0.2 + 0.25 * draw(1));
  const ground = rgb(hue + 150, 0.55, 0.65 + 0.2 * draw(6));
  const [x, y, r] = [width * (0.35 + 0.3 * draw(2)), height * (0.35 + 0.3 * draw(3)), height * (0.2 + 0.12 * draw(4))];
  const gap = width / (6 + Math.floor(5 * draw(5)));
  const isInk = (left: number, top: number): boolean =>
    kind === "disc" ? Math.hypot(left - x, top - y) < r : Math.floor(left / gap) % 2 === 0;
  const pixels = new Uint8Array(width * height * 3);
  for (let at = 0; at < width * height; at++) {
    pixels.set(isInk((at % width) + 0.5, Math.floor(at / width) + 0.5) ? ink : ground, at * 3);
  }
  // raw pixels, not SVG: the toolkit switches sharp's other decoders off for the whole process
  const drawn = sharp(pixels, { raw: { width, height, channels: 3 } });
  const bytes = await (format === "png" ? drawn.png() : drawn.jpeg({ quality: 90 })).toBuffer();
  return { name: `${kind}-${number}.${format === "png" ? "png" : "jpg"}`, bytes };
}

/** Of CSS's hsl(): hue in degrees, saturation and lightness 0..1. */
function rgb(hue: number, saturation: number, lightness: number): readonly [number, number, number] {
  const reach = saturation * Math.min(lightness, 1 - lightness);
  const channel = (n: number): number => {
    const k = (n + hue / 30) % 12;
    return Math.round(255 * (lightness - reach * Math.max(-1, Math.min(k - 3, 9 - k, 1))));
  };
  return [channel(0), channel(8), channel(4)];
}
