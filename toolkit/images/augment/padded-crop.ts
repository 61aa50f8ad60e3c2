import type { Pixels } from "../decoder.ts";
import { BLACK, filled } from "./colour.ts";
import type { Colour } from "./colour.ts";

export interface PaddedCrop {
  /** Pixels that are added on each side. */
  readonly padding: number;
  /** Where the crop begins in the padded picture, 0..2 * padding. */
  readonly left: number;
  readonly top: number;
  /** Black where absent. */
  readonly fill?: Colour;
}

/** A crop, as large as the picture, of the picture with a border around it. */
export function paddedCrop({ width, height, data }: Pixels, { padding, left, top, fill = BLACK }: PaddedCrop): Pixels {
  const out = filled(width, height, fill);
  const [right, down] = [left - padding, top - padding];
  const first = Math.max(0, -right);
  const count = width - Math.abs(right);
  const rows = count > 0 ? Math.min(height, height - down) : 0;
  for (let y = Math.max(0, -down); y < rows; y++) {
    const from = ((y + down) * width + first + right) * 3;
    out.set(data.subarray(from, from + count * 3), (y * width + first) * 3);
  }
  return { width, height, data: out };
}
