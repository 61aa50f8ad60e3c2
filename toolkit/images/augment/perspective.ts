import type { Pixels } from "../decoder.ts";
import type { Size } from "../resample.ts";
import { warpPerspective } from "./warp.ts";
import type { PerspectiveMatrix, WarpOptions } from "./warp.ts";

/** x and y. */
export type Point = readonly [number, number];

/** Top left, top right, bottom right, bottom left. */
export type Corners = readonly [Point, Point, Point, Point];

/** Shows the picture with its corners at `to`: torchvision's perspective on Pillow pictures. */
export function perspective(pixels: Pixels, to: Corners, options: WarpOptions = {}): Pixels {
  return warpPerspective(pixels, perspectiveMatrix(cornersOf(pixels), to), options);
}

/** The corners of a picture, as torchvision counts: the last pixel's index. */
export function cornersOf({ width, height }: Size): Corners {
  const [right, bottom] = [width - 1, height - 1];
  return [
    [0, 0],
    [right, 0],
    [right, bottom],
    [0, bottom],
  ];
}

/** The matrix that takes each of `to` to its point of `from`; rounded to float32, as torchvision's _get_perspective_coeffs does. */
export function perspectiveMatrix(from: Corners, to: Corners): PerspectiveMatrix {
  const rows = to.flatMap(([x, y], i) => {
    const [u, v] = from[i] as Point;
    return [
      [x, y, 1, 0, 0, 0, -u * x, -u * y, u],
      [0, 0, 0, x, y, 1, -v * x, -v * y, v],
    ];
  });
  return solved(rows).map((value) => Math.fround(value)) as unknown as PerspectiveMatrix;
}

/** Solves linear equations, the right side last in each row: Gauss's elimination, the largest pivot first. */
function solved(equations: readonly (readonly number[])[]): readonly number[] {
  const rows = equations.map((row) => [...row]);
  const n = rows.length;
  for (let k = 0; k < n; k++) {
    rows.splice(k, n - k, ...rows.slice(k).sort((p, q) => Math.abs(q[k]!) - Math.abs(p[k]!)));
    const pivot = rows[k]!;
    for (const row of rows) {
      if (row === pivot) continue;
      const factor = row[k]! / pivot[k]!;
      for (let j = k; j <= n; j++) row[j]! -= factor * pivot[j]!;
    }
  }
  return rows.map((row, k) => row[n]! / row[k]!);
}
