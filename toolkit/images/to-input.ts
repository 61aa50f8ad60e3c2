import { ToolkitError } from "../errors.ts";
import type { Pixels } from "./decoder.ts";

/** Per-channel statistics in units of 0..1, red first. */
export interface Normalisation {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** The statistics of ImageNet, which most published networks expect. */
export const imagenetNormalisation: Normalisation = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

/**
 * Pictures of one size as a network's input [N,3,H,W]: (value / 255 - mean) / std. `out` is filled and returned where given.
 * @throws E_SHAPE where the pictures differ in size or do not fit `out`
 */
export function toInput(pictures: readonly Pixels[], { mean, std }: Normalisation, out?: Float32Array): Float32Array {
  const [first] = pictures;
  if (!first) return out ?? new Float32Array(0);
  const area = first.width * first.height;
  const result = out ?? new Float32Array(pictures.length * area * 3);
  if (result.length < pictures.length * area * 3) {
    throw new ToolkitError(
      "E_SHAPE",
      `Cannot write ${pictures.length} pictures of ${first.width}x${first.height} into ${result.length} elements`,
    );
  }
  // dividing 768 times instead of 150,000 times a picture
  const tables = [0, 1, 2].map((c) =>
    Float32Array.from({ length: 256 }, (_, v) => (v / 255 - (mean[c] ?? 0)) / (std[c] ?? 1)),
  );
  for (const [n, { width, height, data }] of pictures.entries()) {
    if (width !== first.width || height !== first.height) {
      throw new ToolkitError(
        "E_SHAPE",
        `Cannot put a picture of ${width}x${height} beside one of ${first.width}x${first.height}`,
      );
    }
    for (const [c, table] of tables.entries()) writePlane(result, (n * 3 + c) * area, data, c, table, area);
  }
  return result;
}

function writePlane(
  out: Float32Array,
  start: number,
  data: Uint8Array,
  channel: number,
  table: Float32Array,
  area: number,
): void {
  for (let i = 0, p = channel; i < area; i++, p += 3) out[start + i] = table[data[p]!]!;
}
