import type { Pixels } from "../../toolkit/images/decoder.ts";
import type { TensorData } from "../../toolkit/node.ts";

/** Pixels between two of them. */
const GAP = 2;

/**
 * The weights of a dense layer on pictures, [H, 3 * side * side], as a sheet of H little pictures: each stretched from its smallest weight, black, to its
 * largest, so that only the pattern counts.
 */
export function drawFilters(weight: TensorData | undefined, side: number): Pixels {
  const [count = 0, length = 0] = weight?.shape ?? [];
  const area = side * side;
  if (!weight || length !== 3 * area) throw new Error(`expected weights [H,${3 * area}]`);
  const columns = Math.ceil(Math.sqrt(count));
  const rows = Math.ceil(count / columns);
  const [width, height] = [columns * (side + GAP) + GAP, rows * (side + GAP) + GAP];
  const data = new Uint8Array(width * height * 3).fill(255);
  for (let unit = 0; unit < count; unit++) {
    const own = (weight.data as Float32Array).subarray(unit * length, (unit + 1) * length);
    const [low, high] = [own.reduce((a, b) => Math.min(a, b)), own.reduce((a, b) => Math.max(a, b))];
    const left = GAP + (unit % columns) * (side + GAP);
    const top = GAP + Math.floor(unit / columns) * (side + GAP);
    for (const [i, w] of own.entries()) {
      const [plane, pixel] = [Math.floor(i / area), i % area];
      const at = (top + Math.floor(pixel / side)) * width + left + (pixel % side);
      data[at * 3 + plane] = high > low ? Math.round((255 * (w - low)) / (high - low)) : 128;
    }
  }
  return { width, height, data };
}
