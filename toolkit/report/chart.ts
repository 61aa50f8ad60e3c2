import type { RunReport } from "./run-report.ts";

/** One line of a chart. The tone picks colour and dash, the same everywhere in a report. */
export interface Series {
  readonly name: string;
  readonly tone: "train" | "validation" | "plain";
  readonly points: readonly (readonly [x: number, y: number])[];
}

/** A line chart as data; the HTML report and the contact sheet draw it each in its own way. */
export interface Chart {
  readonly title: string;
  readonly xLabel: string;
  readonly percent: boolean;
  /** Whether x counts something, so that only whole numbers are marked. */
  readonly wholeX: boolean;
  readonly series: readonly Series[];
  /** Vertical lines, such as the start of a stage. */
  readonly rules: readonly { readonly x: number; readonly label: string }[];
  /** A log scale: all values are above 0. */
  readonly log?: boolean;
  /** A horizontal line to compare with. */
  readonly level?: { readonly y: number; readonly label: string };
  /** What to see in it, in a sentence. */
  readonly note?: string;
}

/** The training curves of a run: loss and accuracy by epoch, loss and learning rate by step. A chart without points is left out. */
export function runCharts(report: RunReport): Chart[] {
  const epochs = report.stages.flatMap((stage) => stage.epochs);
  const curve = (key: "trainLoss" | "trainAccuracy" | "loss" | "accuracy") =>
    finite(epochs.map((e, i) => [i + 1, e[key] ?? Number.NaN]));
  let start = 0.5;
  const starts = report.stages.map((stage) => {
    const rule = { x: start, label: stage.mode };
    start += stage.epochs.length;
    return rule;
  });
  const rules = starts.length > 1 ? starts : [];
  const names = lossNames(report.settings);
  const byEpoch = { xLabel: "epoch", wholeX: true, rules };
  const byStep = { xLabel: "step", wholeX: true, rules: [], percent: false };
  const charts: Chart[] = [
    {
      title: "Accuracy",
      ...byEpoch,
      percent: true,
      series: present([
        { name: "training", tone: "train", points: curve("trainAccuracy") },
        { name: "validation", tone: "validation", points: curve("accuracy") },
      ]),
    },
    {
      title: "R²",
      ...byEpoch,
      percent: false,
      series: present([
        { name: "validation", tone: "validation", points: finite(epochs.map((e, i) => [i + 1, e.r2 ?? Number.NaN])) },
      ]),
    },
    {
      title: "Loss",
      ...byEpoch,
      percent: false,
      series: present([
        { name: names.training, tone: "train", points: curve("trainLoss") },
        { name: names.validation, tone: "validation", points: curve("loss") },
      ]),
    },
    {
      title: "Loss of every step",
      ...byStep,
      series: present([
        { name: "training", tone: "train", points: thin(finite(report.steps.map((s) => [s.step, s.loss]))) },
      ]),
    },
    {
      title: "Learning rate",
      ...byStep,
      series: present([
        { name: "learning rate", tone: "plain", points: thin(finite(report.steps.map((s) => [s.step, s.rate]))) },
      ]),
    },
  ];
  return charts.filter((chart) => chart.series.length > 0);
}

/** What the two losses are, where they are not the same one: validation is always scored by cross-entropy. */
function lossNames({ loss = "cross-entropy", teacher, heads }: RunReport["settings"]): {
  training: string;
  validation: string;
} {
  if (loss === "cross-entropy" && teacher === undefined) return { training: "training", validation: "validation" };
  const own = String(loss).split(":")[0] ?? "";
  // of numbers it is their squared error, of several heads a sum
  if (heads !== undefined) return { training: "training", validation: "validation" };
  return {
    training: `training (${own}${teacher === undefined ? "" : " and teacher"})`,
    validation: "validation (cross-entropy)",
  };
}

/** One sentence that says what the chart shows, for those who do not see it. */
export function describeChart(chart: Chart): string {
  const parts = chart.series.map((s) => {
    const first = s.points[0]?.[1] ?? 0;
    const last = s.points.at(-1)?.[1] ?? 0;
    return `${s.name} from ${formatValue(first, chart.percent)} to ${formatValue(last, chart.percent)}`;
  });
  return `${chart.title} by ${chart.xLabel}: ${parts.join(", ")}`;
}

/** A number as an axis shows it. */
export function formatValue(value: number, percent: boolean): string {
  if (percent) return `${Number((value * 100).toFixed(1))} %`;
  if (value === 0) return "0";
  const size = Math.abs(value);
  return size < 1e-3 || size >= 1e5 ? value.toExponential(1).replace(".0e", "e") : String(Number(value.toPrecision(3)));
}

/** Whole numbers to mark between two bounds, at most about eight. */
export function wholeTicks(low: number, high: number): number[] {
  const from = Math.ceil(low);
  const to = Math.floor(high);
  const rough = Math.max(1, (to - from) / 7);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, ([1, 2, 5, 10].find((m) => m * power >= rough) ?? 10) * power);
  const ticks: number[] = [];
  for (let x = step === 1 ? from : Math.ceil(from / step) * step; x <= to; x += step) ticks.push(x);
  return ticks;
}

/** Where the x axis begins and ends: half a unit of room before the first stage, and around a single point. */
export function xDomain({ series, rules }: Chart): [number, number] {
  const [low, high] = extent(series.flatMap((s) => s.points.map(([x]) => x)));
  if (low === high) return [low - 0.5, high + 0.5];
  return [rules.length > 0 ? Math.min(0.5, low) : low, high];
}

/** Where a log scale begins and ends: twice as wide, at least, as what would look like noise. */
export function logDomain({ series, level }: Chart): [number, number] {
  const [low, high] = extent([...series.flatMap((s) => s.points.map(([, y]) => y)), ...(level ? [level.y] : [])]);
  const widen = Math.sqrt(Math.max(1, 2 / (high / low)));
  return [low / widen, high * widen];
}

/** The smallest and the largest of the values. */
export function extent(values: readonly number[]): [number, number] {
  return values.reduce<[number, number]>(([a, b], v) => [Math.min(a, v), Math.max(b, v)], [Infinity, -Infinity]);
}

function present(series: readonly Series[]): Series[] {
  return series.filter((s) => s.points.length > 0);
}

function finite(points: readonly (readonly [number, number])[]): (readonly [number, number])[] {
  return points.filter(([x, y]) => Number.isFinite(x) && Number.isFinite(y));
}

/** At most `limit` points: means over runs of equal length, so that a long run does not make a large file. */
function thin(points: readonly (readonly [number, number])[], limit = 400): (readonly [number, number])[] {
  if (points.length <= limit) return [...points];
  const size = points.length / limit;
  return Array.from({ length: limit }, (_, i) => {
    const run = points.slice(Math.floor(i * size), Math.floor((i + 1) * size));
    const mean = (k: 0 | 1): number => run.reduce((sum, p) => sum + p[k], 0) / run.length;
    return [mean(0), mean(1)] as const;
  });
}
