import type { Pixels } from "../images/decoder.ts";
import type { Polygon } from "./typeface.ts";

/** Red, green, blue, 0..255. */
export type Colour = readonly [number, number, number];

/** An empty picture of one colour, to be drawn on. */
export function canvas(width: number, height: number, colour: Colour): Pixels {
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < data.length; i++) data[i] = colour[i % 3] ?? 0;
  return { width, height, data };
}

/** Copies one picture onto another; what lies outside is cut off. */
export function paste(on: Pixels, picture: Pixels, left: number, top: number): void {
  const width = Math.min(picture.width, on.width - left);
  for (let y = 0; y < Math.min(picture.height, on.height - top); y++) {
    const from = y * picture.width * 3;
    on.data.set(picture.data.subarray(from, from + width * 3), ((top + y) * on.width + left) * 3);
  }
}

/**
 * Fills outlines with antialiasing. Each edge adds its exact signed area to the pixels it crosses, a running sum makes coverage of it
 * (font-rs, "Inside the fastest font renderer in the world"). Outlines of one direction add up, of opposite directions make holes.
 */
export function fill(on: Pixels, polygons: readonly Polygon[], colour: Colour, opacity = 1): void {
  const box = bounds(polygons, on);
  if (!box) return;
  const { left, top, width, height } = box;
  const area = new Float32Array(width * height + 2);
  for (const p of polygons) {
    for (let i = 0; i < p.length; i += 2) {
      const j = (i + 2) % p.length;
      addEdge(
        area,
        width,
        height,
        (p[i] ?? 0) - left,
        (p[i + 1] ?? 0) - top,
        (p[j] ?? 0) - left,
        (p[j + 1] ?? 0) - top,
      );
    }
  }
  for (let y = 0; y < height; y++) {
    let sum = 0;
    for (let x = 0; x < width; x++) {
      sum += area[y * width + x] ?? 0;
      const cover = Math.min(1, Math.abs(sum)) * opacity;
      if (cover > 0.002) blend(on, left + x, top + y, colour, cover);
    }
  }
}

/** A line through points (x and y in turn), with round joints and ends. */
export function stroke(on: Pixels, points: Polygon, colour: Colour, thickness: number): void {
  const r = thickness / 2;
  const polygons: Polygon[] = [];
  for (let i = 0; i + 1 < points.length; i += 2) {
    const [x, y] = [points[i] ?? 0, points[i + 1] ?? 0];
    polygons.push(circle(x, y, r));
    if (i + 3 >= points.length) continue;
    const [dx, dy] = [(points[i + 2] ?? 0) - x, (points[i + 3] ?? 0) - y];
    const length = Math.hypot(dx, dy);
    if (length === 0) continue;
    const [nx, ny] = [(-dy / length) * r, (dx / length) * r];
    polygons.push([x - nx, y - ny, x + dx - nx, y + dy - ny, x + dx + nx, y + dy + ny, x + nx, y + ny]);
  }
  fill(on, polygons, colour);
}

/** A circle as an outline, clockwise on the screen. */
export function circle(x: number, y: number, radius: number): Polygon {
  const corners = 20;
  return Array.from({ length: corners * 2 }, (_, i) => {
    const angle = (Math.floor(i / 2) / corners) * 2 * Math.PI;
    return i % 2 === 0 ? x + radius * Math.cos(angle) : y + radius * Math.sin(angle);
  });
}

/** A rectangle with round corners as an outline. */
export function rectangle(left: number, top: number, width: number, height: number, radius = 0): Polygon {
  const corners = [
    [left + width - radius, top + height - radius, 0],
    [left + radius, top + height - radius, 1],
    [left + radius, top + radius, 2],
    [left + width - radius, top + radius, 3],
  ] as const;
  const pieces = radius > 0 ? 6 : 0;
  return corners.flatMap(([x, y, quarter]) =>
    Array.from({ length: pieces + 1 }, (_, i) => {
      const angle = (quarter + (pieces === 0 ? 0 : i / pieces)) * (Math.PI / 2);
      return [x + radius * Math.cos(angle), y + radius * Math.sin(angle)];
    }).flat(),
  );
}

interface Bounds {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** The whole pixels around the outlines, or null where they lie outside the picture. */
function bounds(polygons: readonly Polygon[], on: Pixels): Bounds | null {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const p of polygons) {
    for (let i = 0; i < p.length; i += 2) {
      const [x, y] = [p[i] ?? 0, p[i + 1] ?? 0];
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y);
    }
  }
  if (!(right > 0 && bottom > 0 && left < on.width && top < on.height)) return null;
  left = Math.floor(left);
  top = Math.floor(top);
  return { left, top, width: Math.ceil(right) - left + 2, height: Math.ceil(bottom) - top + 1 };
}

function addEdge(
  area: Float32Array,
  width: number,
  height: number,
  ax: number,
  ay: number,
  bx: number,
  by: number,
): void {
  if (ay === by) return;
  const direction = ay < by ? 1 : -1;
  const [topX, topY, endX, endY] = ay < by ? [ax, ay, bx, by] : [bx, by, ax, ay];
  const slope = (endX - topX) / (endY - topY);
  let x = topX;
  for (let y = Math.floor(topY); y < Math.min(height, Math.ceil(endY)); y++) {
    const dy = Math.min(y + 1, endY) - Math.max(y, topY);
    const next = x + slope * dy;
    addSpan(area, y * width, Math.min(x, next), Math.max(x, next), dy * direction);
    x = next;
  }
}

/** Within one row: an edge that goes from x = a to x = b and covers `d` of the row's height. */
function addSpan(area: Float32Array, row: number, a: number, b: number, d: number): void {
  const add = (x: number, v: number) => {
    area[row + x] = (area[row + x] ?? 0) + v;
  };
  const first = Math.floor(a);
  const last = Math.ceil(b);
  if (last <= first + 1) {
    const middle = (a + b) / 2 - first;
    add(first, d * (1 - middle));
    add(first + 1, d * middle);
    return;
  }
  // the share of the edge's area right of it that falls on each pixel: a trapezoid's integral, pixel by pixel
  const covered = (x: number) =>
    (Math.min(Math.max(x - a, 0), b - a) ** 2 / 2 + (b - a) * Math.max(x - b, 0)) / (b - a);
  let before = 0;
  for (let x = first; x <= last; x++) {
    const now = covered(x + 1) - covered(x);
    add(x, d * (now - before));
    before = now;
  }
}

function blend(on: Pixels, x: number, y: number, colour: Colour, cover: number): void {
  if (x < 0 || y < 0 || x >= on.width || y >= on.height) return;
  const i = (y * on.width + x) * 3;
  for (let c = 0; c < 3; c++)
    on.data[i + c] = Math.round((on.data[i + c] ?? 0) * (1 - cover) + (colour[c] ?? 0) * cover);
}
