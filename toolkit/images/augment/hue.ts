import type { Pixels } from "../decoder.ts";

/**
 * Turns the hues by `shift` of the whole circle, -0.5..0.5: torchvision's adjust_hue on Pillow pictures, which goes through 8-bit HSV and
 * back (python-pillow/Pillow, src/libImaging/Convert.c, has the formulas), so that a shift of 0 changes levels, too.
 */
export function hue({ width, height, data }: Pixels, shift: number): Pixels {
  const turn = Math.trunc(shift * 255) & 255;
  const out = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i += 3) {
    const r = data[i]!;
    const g = data[i + 1]!;
    const b = data[i + 2]!;
    const most = Math.max(r, g, b);
    const spread = most - Math.min(r, g, b);
    const colourful = spread === 0 ? 0 : Math.trunc(Math.fround(spread / most) * 255);
    writeColour(out, i, (hueOf(r, g, b, most, spread) + turn) & 255, colourful, most);
  }
  return { width, height, data: out };
}

/** 0..255 for the whole circle, beginning with red. */
function hueOf(r: number, g: number, b: number, most: number, spread: number): number {
  if (spread === 0) return 0;
  const red = Math.fround((most - r) / spread);
  const green = Math.fround((most - g) / spread);
  const blue = Math.fround((most - b) / spread);
  const sixths = Math.fround(r === most ? blue - green : g === most ? 2 + red - blue : 4 + green - red);
  return Math.trunc(Math.fround((sixths / 6 + 1) % 1) * 255);
}

/** Writes the colour of a hue, a saturation and a value, all 0..255. */
function writeColour(out: Uint8Array, i: number, h: number, s: number, v: number): void {
  const sixths = (h * 6) / 255;
  const sector = Math.floor(sixths);
  const rest = Math.fround(sixths - sector);
  const share = Math.fround(s / 255);
  const low = Math.round(v * (1 - share));
  const falling = Math.round(v * (1 - Math.fround(share * rest)));
  const rising = Math.round(v * (1 - share * (1 - rest)));
  switch (sector % 6) {
    case 0:
      return write(out, i, v, rising, low);
    case 1:
      return write(out, i, falling, v, low);
    case 2:
      return write(out, i, low, v, rising);
    case 3:
      return write(out, i, low, falling, v);
    case 4:
      return write(out, i, rising, low, v);
    default:
      return write(out, i, v, low, falling);
  }
}

function write(out: Uint8Array, i: number, r: number, g: number, b: number): void {
  out[i] = r;
  out[i + 1] = g;
  out[i + 2] = b;
}
