import type { Pixels } from "../../images/decoder.ts";
import type { Size } from "../../images/resample.ts";
import { ToolkitError } from "../../errors.ts";

/** What pictures of one source may take in memory. */
const MOST_BYTES = 2 ** 31;

/** Views of pictures that lie one behind the other: [N,H,W,3]. */
export function pixelViews(data: Uint8Array, { width, height }: Size): readonly Pixels[] {
  const bytes = width * height * 3;
  return Array.from({ length: data.length / bytes }, (_, i) => ({
    width,
    height,
    data: data.subarray(i * bytes, (i + 1) * bytes),
  }));
}

/** Grey pictures as coloured ones of three equal channels. */
export function greyToColour(grey: Uint8Array): Uint8Array {
  const data = new Uint8Array(grey.length * 3);
  for (let i = 0, at = 0; i < grey.length; i++) {
    const value = grey[i] ?? 0;
    data[at++] = value;
    data[at++] = value;
    data[at++] = value;
  }
  return data;
}

/** Planes of red, green and blue as pixels, into `data` from byte `at` on. */
export function interleave(planes: Uint8Array, data: Uint8Array, at: number): void {
  const pixels = planes.length / 3;
  for (let i = 0; i < pixels; i++) {
    data[at + i * 3] = planes[i] ?? 0;
    data[at + i * 3 + 1] = planes[i + pixels] ?? 0;
    data[at + i * 3 + 2] = planes[i + 2 * pixels] ?? 0;
  }
}

/** @throws E_DATA_FORMAT where pictures would take more than 2 GiB in memory */
export function expectFits(path: string, count: number, { width, height }: Size): void {
  const bytes = count * width * height * 3;
  if (bytes <= MOST_BYTES) return;
  throw new ToolkitError(
    "E_DATA_FORMAT",
    `Cannot read "${path}": ${count} pictures of ${width} x ${height} take ${bytes} bytes in memory, expected at most ${MOST_BYTES}`,
    { hint: "use the smaller pictures, or write them as files into a folder for each class" },
  );
}
