import type { Pixels } from "../../../toolkit/images/decoder.ts";

/** The pictures that test/fixtures/augment/make.py gave to Pillow. */
export const pictures: Readonly<Record<string, Pixels>> = {
  pattern: drawn(37, 23, (x, y, c) => (x * 7 + y * 13 + c * 29 + x * y * 3) % 256),
  colours: drawn(64, 64, (x, y, c) => (Math.imul(y * 64 + x, 0x9e3779b1) >>> (24 - 8 * c)) & 255),
  smooth: drawn(48, 40, (x, y, c) => 40 + 20 * c + ((x * (3 - c) + y * (1 + c)) % 160)),
  flat: drawn(5, 4, (_x, _y, c) => 90 + 30 * c),
  few: drawn(16, 17, (x, y, c) => (x * x * 5 + y * (c + 2)) % 256),
  line: drawn(9, 1, (x, _y, c) => (x * 31 + c * 70) % 256),
  pixel: drawn(1, 1, (_x, _y, c) => 50 + 60 * c),
};

/** A picture whose levels follow from column, row and channel. */
export function drawn(width: number, height: number, level: (x: number, y: number, c: number) => number): Pixels {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) for (let c = 0; c < 3; c++) data[(y * width + x) * 3 + c] = level(x, y, c);
  }
  return { width, height, data };
}
