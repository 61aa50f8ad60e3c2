import { epochOrder } from "../../toolkit/data/augment.ts";
import { uniform } from "../../toolkit/graph/random.ts";
import type { Pixels } from "../../toolkit/images/decoder.ts";
import { PICTURE, SIDE_PX } from "../two-layer-net/pictures.ts";
import type { Pictures } from "../two-layer-net/pictures.ts";

/** Side of a collage: two pictures by two. */
export const COLLAGE_PX: number = 2 * SIDE_PX;
const CELLS = 4;
const GREY = 128;

export interface Collage {
  readonly pixels: Pixels;
  /** The classes that are in it, each once, in the order of their numbers. */
  readonly labels: readonly number[];
}

/**
 * Collages of one to four pictures each in cells of two by two, the other cells grey. Which pictures, how many and where is drawn from `seed`; no picture
 * is used twice.
 * @throws RangeError where there are not enough pictures
 */
export function* drawCollages(pictures: Pictures, count: number, seed: number): Generator<Collage, void> {
  const order = epochOrder(pictures.labels.length, seed, 0);
  let next = 0;
  for (let i = 0; i < count; i++) {
    const filled = 1 + Math.floor(CELLS * uniform(seed, 1, i));
    const chosen = order.subarray(next, next + filled);
    next += filled;
    if (chosen.length < filled) throw new RangeError(`${order.length} pictures are not enough for ${count} collages`);
    const cells = epochOrder(CELLS, seed, i + 1);
    const data = new Uint8Array(COLLAGE_PX * COLLAGE_PX * 3).fill(GREY);
    for (const [k, picture] of chosen.entries()) place(data, cells[k] ?? 0, pictures.planes, picture);
    const labels = [...new Set(Array.from(chosen, (picture) => pictures.labels[picture] ?? 0))].toSorted(
      (a, b) => a - b,
    );
    yield { pixels: { width: COLLAGE_PX, height: COLLAGE_PX, data }, labels };
  }
}

/** Puts a picture, given as planes, into a cell of the collage. */
function place(data: Uint8Array, cell: number, planes: Uint8Array, picture: number): void {
  const [left, top] = [(cell % 2) * SIDE_PX, Math.floor(cell / 2) * SIDE_PX];
  for (let at = 0; at < PICTURE; at++) {
    const [plane, pixel] = [Math.floor(at / SIDE_PX ** 2), at % SIDE_PX ** 2];
    const [x, y] = [left + (pixel % SIDE_PX), top + Math.floor(pixel / SIDE_PX)];
    data[(y * COLLAGE_PX + x) * 3 + plane] = planes[picture * PICTURE + at] ?? 0;
  }
}
