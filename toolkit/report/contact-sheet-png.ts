import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { Decoder, Pixels } from "../images/decoder.ts";
import { resample } from "../images/resample.ts";
import type { Chart } from "./chart.ts";
import { extent, formatValue, wholeTicks, xDomain } from "./chart.ts";
import type { ContactSheet, SheetHit, SheetSection } from "./contact-sheet.ts";
import { weightText } from "./contact-sheet.ts";
import { visible } from "./page.ts";
import type { Picture } from "./picture.ts";
import { encodePng } from "./picture.ts";
import type { Colour } from "./raster.ts";
import { canvas, circle, fill, paste, rectangle, stroke } from "./raster.ts";
import type { Typeface } from "./typeface.ts";
import { typeface } from "./typeface.ts";

const PAPER: Colour = [244, 245, 247];
const CARD: Colour = [255, 255, 255];
const INK: Colour = [23, 32, 43];
const MUTED: Colour = [86, 98, 115];
const LINE: Colour = [221, 226, 233];
const TONES: Readonly<Record<"train" | "validation" | "plain", Colour>> = {
  train: [194, 113, 12],
  validation: [20, 99, 196],
  plain: [20, 99, 196],
};

/** All in pixels. */
const MARGIN = 44;
const PADDING = 26;
const GAP = 20;
const TILE = 150;
const COLUMNS = 6;
const LABEL_LINE = 30;
const CAPTION_LINE = 22;
const SECTION_HEAD = 50;
const CHART_WIDTH = 470;
const CHART_HEIGHT = 290;

interface Pen {
  readonly on: Pixels;
  readonly regular: Typeface;
  readonly bold: Typeface;
}

/**
 * The sheet as a PNG file. Text is drawn from the outlines of a font that comes as a package, so it looks the same on a machine without any fonts.
 * A picture that cannot be decoded leaves an empty tile.
 */
export async function contactSheetPng(sheet: ContactSheet, decoder: Decoder): Promise<Uint8Array> {
  const charts = sheet.charts ?? [];
  const inner = COLUMNS * TILE + (COLUMNS - 1) * GAP;
  const cardWidth = inner + 2 * PADDING;
  const top = MARGIN + (sheet.note === undefined ? 70 : 104);
  const heights = sheet.sections.map(sectionHeight);
  const left = heights.reduce((sum, h) => sum + h + GAP, 0);
  const right = charts.length > 0 ? charts.length * CHART_HEIGHT + PADDING : 0;
  const width = MARGIN * 2 + cardWidth + (charts.length > 0 ? GAP + CHART_WIDTH + 2 * PADDING : 0);
  const [regular, bold] = await Promise.all([font("400"), font("700")]);
  const pen: Pen = { on: canvas(width, top + Math.max(left - GAP, right, 0) + MARGIN, PAPER), regular, bold };
  write(pen, "bold", sheet.title, MARGIN, MARGIN + 36, { size: 38, maxWidth: width - 2 * MARGIN });
  if (sheet.note !== undefined) {
    write(pen, "regular", sheet.note, MARGIN, MARGIN + 76, { size: 20, colour: MUTED, maxWidth: width - 2 * MARGIN });
  }
  let y = top;
  for (const [i, section] of sheet.sections.entries()) {
    const height = heights[i] ?? 0;
    card(pen, MARGIN, y, cardWidth, height);
    await drawSection(pen, section, MARGIN + PADDING, y + PADDING, decoder);
    y += height + GAP;
  }
  if (charts.length > 0) {
    const x = MARGIN + cardWidth + GAP;
    card(pen, x, top, CHART_WIDTH + 2 * PADDING, right);
    for (const [i, chart] of charts.entries()) drawChart(pen, chart, x + PADDING, top + PADDING + i * CHART_HEIGHT);
  }
  return encodePng(pen.on);
}

function sectionHeight({ hits }: SheetSection): number {
  const rows = Math.ceil(hits.length / COLUMNS);
  return 2 * PADDING + SECTION_HEAD + (rows === 0 ? 20 : rows * (tileHeight(hits) + GAP) - GAP);
}

function tileHeight(hits: readonly SheetHit[]): number {
  const labels = Math.max(0, ...hits.map((h) => h.labels.length));
  return TILE + 8 + labels * LABEL_LINE + (hits.some((h) => h.caption !== undefined) ? CAPTION_LINE : 0);
}

async function drawSection(pen: Pen, section: SheetSection, x: number, y: number, decoder: Decoder): Promise<void> {
  const inner = COLUMNS * TILE + (COLUMNS - 1) * GAP;
  const used = write(pen, "bold", section.title, x, y + 20, { size: 23, maxWidth: inner * 0.7 });
  if (section.note !== undefined) {
    write(pen, "regular", section.note, x + used + 16, y + 20, {
      size: 17,
      colour: MUTED,
      maxWidth: inner - used - 16,
    });
  }
  if (section.hits.length === 0)
    write(pen, "regular", "No photo fits.", x, y + SECTION_HEAD + 10, { size: 18, colour: MUTED });
  const height = tileHeight(section.hits);
  const squares = await Promise.all(section.hits.map((hit) => square(hit.picture, decoder)));
  for (const [i, hit] of section.hits.entries()) {
    const left = x + (i % COLUMNS) * (TILE + GAP);
    const top = y + SECTION_HEAD + Math.floor(i / COLUMNS) * (height + GAP);
    drawHit(pen, hit, squares[i] ?? null, left, top);
  }
}

function drawHit(pen: Pen, { labels, caption }: SheetHit, picture: Pixels | null, x: number, y: number): void {
  if (picture) {
    paste(pen.on, picture, x, y);
  } else {
    fill(pen.on, [rectangle(x, y, TILE, TILE)], PAPER);
    write(pen, "regular", "no preview", x + 28, y + TILE / 2 + 6, { size: 17, colour: MUTED });
  }
  for (const [i, { label, weight }] of labels.entries()) {
    const line = y + TILE + 8 + i * LABEL_LINE;
    const text = weightText(weight);
    const room = TILE - pen.bold.width(text, 16) - 8;
    write(pen, "regular", label, x, line + 17, { size: 16, maxWidth: room });
    write(pen, "bold", text, x + TILE - pen.bold.width(text, 16), line + 17, { size: 16 });
    fill(pen.on, [rectangle(x, line + 22, TILE, 3)], LINE);
    const share = Math.min(1, Math.max(0, weight)) || 0;
    if (share > 0) fill(pen.on, [rectangle(x, line + 22, TILE * share, 3)], TONES.validation);
  }
  if (caption === undefined) return;
  write(pen, "regular", caption, x, y + TILE + 8 + labels.length * LABEL_LINE + 15, {
    size: 14,
    colour: MUTED,
    maxWidth: TILE,
  });
}

/** The middle of the picture as a square tile, or null where it cannot be decoded. */
async function square(picture: Picture, decoder: Decoder): Promise<Pixels | null> {
  try {
    const pixels = picture instanceof Uint8Array ? await decoder.decode(picture, { minSidePx: TILE }) : picture;
    const side = Math.min(pixels.width, pixels.height);
    const from = { left: (pixels.width - side) >> 1, top: (pixels.height - side) >> 1, width: side, height: side };
    return resample(pixels, { width: TILE, height: TILE, from });
  } catch {
    return null; // one bad picture must not cost the sheet; the tile says so
  }
}

function drawChart(pen: Pen, chart: Chart, x: number, y: number): void {
  let used = write(pen, "bold", chart.title, x, y + 16, { size: 18 });
  if (chart.series.length > 1) {
    for (const s of chart.series) {
      stroke(pen.on, [x + used + 20, y + 10, x + used + 42, y + 10], TONES[s.tone], 4);
      used += 50 + write(pen, "regular", s.name, x + used + 50, y + 16, { size: 15, colour: MUTED });
    }
  }
  const box = { left: x + 58, top: y + 42, width: CHART_WIDTH - 70, height: CHART_HEIGHT - 120 };
  const [left, right] = xDomain(chart);
  const values = chart.series.flatMap((s) => s.points.map((p) => p[1]));
  const [low, high] = extent(chart.percent ? [...values, 1] : [...values, 0]);
  const ticks = niceTicks(low, high);
  const [bottom, top] = extent([...ticks, low, high]);
  const px = (v: number) => box.left + ((v - left) / (right - left)) * box.width;
  const py = (v: number) => box.top + box.height - ((v - bottom) / (top - bottom || 1)) * box.height;
  for (const tick of ticks) {
    const text = formatValue(tick, chart.percent);
    fill(pen.on, [rectangle(box.left, Math.round(py(tick)), box.width, 1)], LINE);
    write(pen, "regular", text, box.left - 10 - pen.regular.width(text, 14), py(tick) + 5, { size: 14, colour: MUTED });
  }
  for (const tick of wholeTicks(left, right)) {
    const text = String(tick);
    write(pen, "regular", text, px(tick) - pen.regular.width(text, 14) / 2, box.top + box.height + 22, {
      size: 14,
      colour: MUTED,
    });
  }
  const name = pen.regular.width(chart.xLabel, 14);
  write(pen, "regular", chart.xLabel, box.left + (box.width - name) / 2, box.top + box.height + 44, {
    size: 14,
    colour: MUTED,
  });
  for (const rule of chart.rules) {
    fill(pen.on, [rectangle(px(rule.x), box.top - 14, 1, box.height + 14)], MUTED, 0.5);
    const beside = px(rule.x) + 5;
    const width = pen.regular.width(rule.label, 13);
    // a name that begins near the right edge stands to the left of its line
    const start = beside + width > box.left + box.width ? beside - 10 - width : beside;
    write(pen, "regular", rule.label, start, box.top - 4, {
      size: 13,
      colour: MUTED,
      maxWidth: box.width / chart.rules.length,
    });
  }
  for (const s of chart.series) {
    const few = s.points.length <= 30;
    stroke(
      pen.on,
      s.points.flatMap(([a, b]) => [px(a), py(b)]),
      TONES[s.tone],
      few ? 3 : 2,
    );
    if (few)
      fill(
        pen.on,
        s.points.map(([a, b]) => circle(px(a), py(b), 4.5)),
        TONES[s.tone],
      );
  }
}

/** Four to seven round values that lie within or just around the bounds. */
function niceTicks(low: number, high: number): number[] {
  if (!(high > low)) return [low];
  const power = 10 ** Math.floor(Math.log10((high - low) / 4));
  const step = ([1, 2, 5, 10].find((m) => (high - low) / (m * power) <= 6) ?? 10) * power;
  const first = Math.floor(low / step + 1e-9);
  const last = Math.ceil(high / step - 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
}

function card(pen: Pen, x: number, y: number, width: number, height: number): void {
  fill(pen.on, [rectangle(x, y, width, height, 14)], LINE);
  fill(pen.on, [rectangle(x + 1, y + 1, width - 2, height - 2, 13)], CARD);
}

/** Draws one line of text, shortened to fit; returns the width it takes. */
function write(
  pen: Pen,
  weight: "regular" | "bold",
  text: string,
  x: number,
  baseline: number,
  { size, colour = INK, maxWidth = Infinity }: { size: number; colour?: Colour; maxWidth?: number },
): number {
  const outline = pen[weight].outline(shorten(pen[weight], visible(text), size, maxWidth), { x, baseline, size });
  fill(pen.on, outline.polygons, colour);
  return outline.width;
}

function shorten(face: Typeface, text: string, size: number, maxWidth: number): string {
  if (face.width(text, size) <= maxWidth) return text;
  const characters = Array.from(text).slice(0, 400);
  while (characters.length > 0 && face.width(`${characters.join("")}…`, size) > maxWidth) characters.pop();
  return `${characters.join("").trimEnd()}…`;
}

async function font(weight: "400" | "700"): Promise<Typeface> {
  const { resolve } = createRequire(import.meta.url);
  return typeface(await readFile(resolve(`@fontsource/dejavu-sans/files/dejavu-sans-latin-${weight}-normal.woff`)));
}
