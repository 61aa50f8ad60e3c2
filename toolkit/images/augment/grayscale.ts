import type { Pixels } from "../decoder.ts";

/** Brightness 0..255 of each pixel, [H,W]: Pillow's `convert("L")`, ITU-R 601-2 in 16 bits behind the point. */
export function luma({ data }: Pixels): Uint8Array {
  const out = new Uint8Array(data.length / 3);
  for (let i = 0, p = 0; i < out.length; i++, p += 3) {
    out[i] = (data[p]! * 19595 + data[p + 1]! * 38470 + data[p + 2]! * 7471 + 0x8000) >> 16;
  }
  return out;
}

/** The picture without its colours, still in three channels. */
export function grayscale(pixels: Pixels): Pixels {
  const { width, height } = pixels;
  const grey = luma(pixels);
  const data = new Uint8Array(grey.length * 3);
  for (let i = 0, p = 0; i < grey.length; i++, p += 3) {
    data[p] = grey[i]!;
    data[p + 1] = grey[i]!;
    data[p + 2] = grey[i]!;
  }
  return { width, height, data };
}
