import type { Pixels } from "../decoder.ts";

/** Mirrors left to right. */
export function flipHorizontal({ width, height, data }: Pixels): Pixels {
  const out = new Uint8Array(data.length);
  for (let y = 0; y < height; y++) {
    let from = (y + 1) * width * 3 - 3;
    for (let to = y * width * 3; to < (y + 1) * width * 3; to += 3, from -= 3) {
      out[to] = data[from]!;
      out[to + 1] = data[from + 1]!;
      out[to + 2] = data[from + 2]!;
    }
  }
  return { width, height, data: out };
}

/** Turns upside down as a mirror does. */
export function flipVertical({ width, height, data }: Pixels): Pixels {
  const out = new Uint8Array(data.length);
  const row = width * 3;
  for (let y = 0; y < height; y++) out.set(data.subarray(y * row, (y + 1) * row), (height - 1 - y) * row);
  return { width, height, data: out };
}
