import { extent, formatValue } from "./chart.ts";
import type { Setting } from "./run-report.ts";
import type { SweepReport, SweptSetting } from "./sweep-report.ts";

/** One axis of the plots of a sweep: where a value stands on it, from 0 to 1, and what is written beside it. */
export interface SweptScale {
  readonly name: string;
  readonly at: (value: Setting) => number;
  readonly ticks: readonly { readonly at: number; readonly text: string }[];
}

/** What it is called: a setting is called "loss". */
const LOSS = "validation loss";
/** Marks on an axis of numbers. */
const MARKS = 5;

export function sweptScale(axis: SweptSetting): SweptScale {
  if (axis.kind === "range") return numbers(axis.name, axis.from, axis.to, axis.scale);
  const { name, values } = axis;
  const place = (i: number): number => (values.length === 1 ? 0.5 : i / (values.length - 1));
  const texts = values.map(valueText);
  return {
    name,
    at: (value) => place(Math.max(0, texts.indexOf(valueText(value)))),
    ticks: texts.map((text, i) => ({ at: place(i), text })),
  };
}

/** The axis of what the trials came to: from the worst that came to an end to the best. */
export function qualityScale({ metric, rows }: SweepReport): SweptScale {
  const [low, high] = extent(rows.flatMap((row) => (row.quality ? [row.quality.mean] : [])));
  const [from, to] = low < high ? [low, high] : [Math.max(0, low - 0.05), Math.min(1, high + 0.05)];
  const scale = numbers(metric, from, to, "linear");
  const ticks = scale.ticks.map(({ at }) => ({ at, text: formatValue(from + at * (to - from), true) }));
  return { ...scale, ticks };
}

/** The axis of the loss on the validation photos, the lowest at the top. */
export function lossScale({ rows }: SweepReport): SweptScale {
  const [low, high] = extent(rows.flatMap((row) => (row.loss ? [row.loss.mean] : [])));
  const { at, ticks } = numbers(LOSS, low, low < high ? high : low + 1, "linear");
  return {
    name: LOSS,
    at: (value) => 1 - at(value),
    ticks: ticks.map((tick) => ({ at: 1 - tick.at, text: tick.text })),
  };
}

/** A value of a setting as a table shows it: a choice with options is its JSON. */
export function valueText(value: Setting): string {
  if (typeof value === "number") return formatValue(value, false);
  return value === null ? "-" : String(value);
}

function numbers(name: string, from: number, to: number, scale: "linear" | "log"): SweptScale {
  const position = (x: number): number =>
    scale === "log" ? Math.log(x / from) / Math.log(to / from) : (x - from) / (to - from);
  const marks =
    scale === "log"
      ? powers(from, to)
      : Array.from({ length: MARKS }, (_, i) => from + ((to - from) * i) / (MARKS - 1));
  return {
    name,
    at: (value) => Math.min(1, Math.max(0, position(Number(value)))),
    ticks: marks.map((x) => ({ at: position(x), text: formatValue(x, false) })),
  };
}

/** The ends, and the powers of ten that stand clear of them. */
function powers(from: number, to: number): readonly number[] {
  const whole: number[] = [];
  for (let p = Math.ceil(Math.log10(from)); 10 ** p < to; p++) whole.push(Number((10 ** p).toPrecision(1)));
  const clear = whole.filter((x) => Math.log10(x / from) > 0.2 && Math.log10(to / x) > 0.2);
  return [from, ...clear, to];
}
