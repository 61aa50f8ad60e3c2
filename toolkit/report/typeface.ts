import { inflateSync } from "node:zlib";
import { ToolkitError } from "../errors.ts";

/** A closed outline: x and y in turn, y downwards. */
export type Polygon = readonly number[];

/** Text laid out on a baseline. */
export interface Outline {
  readonly polygons: readonly Polygon[];
  /** In the unit of the size. */
  readonly width: number;
}

/** A font that turns text into outlines, without the system's fonts or font configuration. */
export interface Typeface {
  /** The text from (x, baseline) to the right, `size` pixels to the em. A character that the font lacks is its box. */
  outline(text: string, at: { readonly x: number; readonly baseline: number; readonly size: number }): Outline;
  width(text: string, size: number): number;
}

interface Glyph {
  readonly advance: number;
  /** In font units, y upwards. */
  readonly polygons: readonly Polygon[];
}

/** Straight pieces for one curve: enough for text up to about 60 pixels. */
const PIECES = 5;

/**
 * A typeface from a WOFF 1 file with TrueType outlines (W3C WOFF File Format 1.0; OpenType 1.9: cmap format 4, glyf, loca, hmtx).
 * Left to right, one glyph a character: no kerning, ligatures or shaping.
 * @throws E_DATA_FORMAT where the file is something else
 */
export function typeface(woff: Uint8Array): Typeface {
  const tables = readTables(woff);
  const head = need(tables, "head");
  const unitsPerEm = head.getUint16(18);
  const find = characterMap(need(tables, "cmap"));
  const outlines = glyphReader(need(tables, "glyf"), need(tables, "loca"), head.getInt16(50) === 1);
  const metrics = need(tables, "hmtx");
  const measured = need(tables, "hhea").getUint16(34);
  const known = new Map<number, Glyph>();
  const glyph = (code: number): Glyph => {
    const found = known.get(code);
    if (found) return found;
    const index = find(code);
    const made = { advance: metrics.getUint16(Math.min(index, measured - 1) * 4), polygons: outlines(index) };
    known.set(code, made);
    return made;
  };
  const glyphs = (text: string) => Array.from(text.normalize("NFC"), (c) => glyph(c.codePointAt(0) ?? 0));
  return {
    width: (text, size) => glyphs(text).reduce((sum, g) => sum + g.advance, 0) * (size / unitsPerEm),
    outline(text, { x, baseline, size }) {
      const scale = size / unitsPerEm;
      let pen = 0;
      const polygons: Polygon[] = [];
      for (const g of glyphs(text)) {
        for (const p of g.polygons)
          polygons.push(p.map((v, i) => (i % 2 === 0 ? x + (pen + v) * scale : baseline - v * scale)));
        pen += g.advance;
      }
      return { polygons, width: pen * scale };
    },
  };
}

function readTables(woff: Uint8Array): Map<string, DataView> {
  const view = new DataView(woff.buffer, woff.byteOffset, woff.byteLength);
  if (woff.length < 44 || view.getUint32(0) !== 0x774f4646)
    throw new ToolkitError("E_DATA_FORMAT", "Cannot read the font: it is no WOFF file");
  const tables = new Map<string, DataView>();
  for (let i = 0; i < view.getUint16(12); i++) {
    const at = 44 + i * 20;
    const [offset, packed, full] = [view.getUint32(at + 4), view.getUint32(at + 8), view.getUint32(at + 12)];
    const bytes = woff.subarray(offset, offset + packed);
    const table = packed < full ? inflateSync(bytes) : bytes;
    tables.set(
      String.fromCharCode(...woff.subarray(at, at + 4)),
      new DataView(table.buffer, table.byteOffset, table.byteLength),
    );
  }
  return tables;
}

function need(tables: ReadonlyMap<string, DataView>, name: string): DataView {
  const table = tables.get(name);
  if (!table) throw new ToolkitError("E_DATA_FORMAT", `Cannot read the font: it has no "${name}" table`);
  return table;
}

/** From a code point to a glyph's index, 0 where there is none. */
function characterMap(cmap: DataView): (code: number) => number {
  let start = -1;
  for (let i = 0; i < cmap.getUint16(2); i++) {
    const offset = cmap.getUint32(8 + i * 8);
    if (cmap.getUint16(offset) === 4) start = offset;
  }
  if (start < 0) throw new ToolkitError("E_DATA_FORMAT", "Cannot read the font: it has no character map of format 4");
  const span = cmap.getUint16(start + 6); // twice the number of segments
  return (code) => {
    for (let i = 0; i < span; i += 2) {
      if (code > cmap.getUint16(start + 14 + i)) continue;
      const first = cmap.getUint16(start + 16 + span + i);
      if (code < first) return 0;
      const delta = cmap.getUint16(start + 16 + 2 * span + i);
      const rangeAt = start + 16 + 3 * span + i;
      const range = cmap.getUint16(rangeAt);
      if (range === 0) return (code + delta) & 0xffff;
      const index = cmap.getUint16(rangeAt + range + (code - first) * 2);
      return index === 0 ? 0 : (index + delta) & 0xffff;
    }
    return 0;
  };
}

function glyphReader(glyf: DataView, loca: DataView, long: boolean): (index: number) => Polygon[] {
  const offset = (i: number) => (long ? loca.getUint32(i * 4) : loca.getUint16(i * 2) * 2);
  const read = (index: number, depth: number): Polygon[] => {
    const start = offset(index);
    if (start === offset(index + 1) || depth > 5) return [];
    const contours = glyf.getInt16(start);
    return contours >= 0
      ? simpleGlyph(glyf, start + 10, contours)
      : compositeGlyph(glyf, start + 10, (i) => read(i, depth + 1));
  };
  return (index) => read(index, 0);
}

function compositeGlyph(glyf: DataView, start: number, read: (index: number) => Polygon[]): Polygon[] {
  const polygons: Polygon[] = [];
  let at = start;
  let flags: number;
  do {
    flags = glyf.getUint16(at);
    const index = glyf.getUint16(at + 2);
    const words = (flags & 1) !== 0;
    const dx = words ? glyf.getInt16(at + 4) : glyf.getInt8(at + 4);
    const dy = words ? glyf.getInt16(at + 6) : glyf.getInt8(at + 5);
    at += words ? 8 : 6;
    const next = () => glyf.getInt16((at += 2) - 2) / 16384;
    let [a, b, c, d] = [1, 0, 0, 1];
    if (flags & 0x8) a = d = next();
    else if (flags & 0x40) [a, d] = [next(), next()];
    else if (flags & 0x80) [a, b, c, d] = [next(), next(), next(), next()];
    const placed = (p: Polygon) =>
      p.map((_, i) => {
        const [x, y] = [p[i & ~1] ?? 0, p[i | 1] ?? 0];
        return i % 2 === 0 ? a * x + c * y + dx : b * x + d * y + dy;
      });
    polygons.push(...read(index).map(placed));
  } while (flags & 0x20);
  return polygons;
}

interface Point {
  readonly x: number;
  readonly y: number;
  readonly on: boolean;
}

function simpleGlyph(glyf: DataView, start: number, contours: number): Polygon[] {
  const ends = Array.from({ length: contours }, (_, i) => glyf.getUint16(start + i * 2));
  const count = (ends.at(-1) ?? -1) + 1;
  let at = start + contours * 2;
  at += 2 + glyf.getUint16(at); // hinting instructions
  const flags: number[] = [];
  while (flags.length < count) {
    const flag = glyf.getUint8(at++);
    const repeats = flag & 8 ? glyf.getUint8(at++) : 0;
    for (let i = 0; i <= repeats; i++) flags.push(flag);
  }
  const coordinates = (short: number, same: number): number[] => {
    let value = 0;
    return flags.map((flag) => {
      if (flag & short) value += flag & same ? glyf.getUint8(at++) : -glyf.getUint8(at++);
      else if (!(flag & same)) value += glyf.getInt16((at += 2) - 2);
      return value;
    });
  };
  const xs = coordinates(2, 16);
  const ys = coordinates(4, 32);
  const points = flags.map((flag, i): Point => ({ x: xs[i] ?? 0, y: ys[i] ?? 0, on: (flag & 1) !== 0 }));
  return ends.map((end, i) => flatten(points.slice(i === 0 ? 0 : (ends[i - 1] ?? 0) + 1, end + 1)));
}

/** A contour of quadratic curves as straight pieces; between two control points lies an implied point on the curve. */
function flatten(contour: readonly Point[]): Polygon {
  const full = contour.flatMap((p, i) => {
    const next = contour[(i + 1) % contour.length] ?? p;
    return p.on || next.on ? [p] : [p, { x: (p.x + next.x) / 2, y: (p.y + next.y) / 2, on: true }];
  });
  const first = full.findIndex((p) => p.on);
  const polygon: number[] = [];
  for (let k = 0; k < full.length; k++) {
    const p = full[(first + k) % full.length];
    const before = full[(first + k - 1 + full.length) % full.length];
    const after = full[(first + k + 1) % full.length];
    if (!p || !before || !after) continue;
    if (p.on) {
      polygon.push(p.x, p.y);
      continue;
    }
    for (let piece = 1; piece < PIECES; piece++) {
      const t = piece / PIECES;
      const [u, v, w] = [(1 - t) * (1 - t), 2 * t * (1 - t), t * t];
      polygon.push(u * before.x + v * p.x + w * after.x, u * before.y + v * p.y + w * after.y);
    }
  }
  return polygon;
}
