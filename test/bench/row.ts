export type Form = "default" | "channelsLast";

/** Seconds of each run, and the most memory that a side ever held. */
export interface Measured {
  readonly ours: readonly number[];
  /** Empty without a peer. */
  readonly default: readonly number[];
  readonly channelsLast: readonly number[];
  /** In MiB; null where the system does not tell. */
  readonly oursPeakMb: number | null;
  readonly peakMb: Readonly<Record<Form, number | null>>;
}

/** A line of the results. Speeds are medians in items per second; what concerns the peer is null where there is none. */
export interface Row {
  readonly name: string;
  readonly unit: string;
  readonly ours: number;
  readonly default: number | null;
  readonly channelsLast: number | null;
  /** The better of the two forms. */
  readonly peer: number | null;
  readonly form: Form | null;
  /** Ours divided by the peer's. */
  readonly ratio: number | null;
  readonly ratioDefault: number | null;
  /** Half the distance between the quartiles of our runs, over their median. */
  readonly spread: number;
  /** The most memory (MiB) that our process ever held, runtime and all. */
  readonly oursPeakMb: number | null;
  /** The same of the better form's process. */
  readonly peerPeakMb: number | null;
  /** Only where it was measured. */
  readonly tfjs?: TfjsRow;
  /** Only of work in 8 bits. */
  readonly float32?: Float32Row;
}

/** Seconds of each run of ours and of something else that ran in turn with it. */
export interface MeasuredBeside {
  readonly ours: readonly number[];
  readonly theirs: readonly number[];
  /** What the other side says of itself. */
  readonly about: Readonly<Record<string, string | number>>;
  readonly peakMb: number | null;
}

/** Ours in 8 bits beside ours in float32, in items per second. */
export interface Float32Row {
  readonly ours: number;
  readonly float32: number;
  readonly ratio: number;
  readonly spread: number;
  readonly float32PeakMb: number | null;
}

/** The same work beside TensorFlow.js, in items per second; our figure is that of the runs in turn with its own. */
export interface TfjsRow {
  readonly version: string;
  readonly backend: string;
  readonly ours: number;
  readonly tfjs: number;
  /** Ours divided by TensorFlow.js's. */
  readonly ratio: number;
  readonly spread: number;
  readonly tfjsPeakMb: number | null;
}

/** The line for `items` per run. */
export function row(name: string, unit: string, items: number, measured: Measured): Row {
  const rate = (seconds: readonly number[]): number | null => (seconds.length > 0 ? speed(items, seconds) : null);
  const ours = speed(items, measured.ours);
  const [plain, last] = [rate(measured.default), rate(measured.channelsLast)];
  const form = plain === null || last === null ? null : last > plain ? "channelsLast" : "default";
  const peer = form === null ? null : form === "default" ? plain : last;
  return {
    name,
    unit,
    ours,
    default: plain,
    channelsLast: last,
    peer,
    form,
    ratio: peer === null ? null : ours / peer,
    ratioDefault: plain === null ? null : ours / plain,
    spread: spreadOf(measured.ours),
    oursPeakMb: measured.oursPeakMb,
    peerPeakMb: form === null ? null : measured.peakMb[form],
  };
}

/** `rows` with `result` instead of the row of its name, in the order of `names`. */
export function withRow(rows: readonly Row[], result: Row, names: readonly string[]): readonly Row[] {
  const others = rows.filter((r) => r.name !== result.name);
  return [...others, result].toSorted((a, b) => names.indexOf(a.name) - names.indexOf(b.name));
}

/** The block beside our own float32, for `items` per run. */
export function float32Row(items: number, measured: MeasuredBeside): Float32Row {
  const [ours, float32] = [speed(items, measured.ours), speed(items, measured.theirs)];
  return { ours, float32, ratio: ours / float32, spread: spreadOf(measured.ours), float32PeakMb: measured.peakMb };
}

/** The block beside TensorFlow.js, for `items` per run. */
export function tfjsRow(items: number, measured: MeasuredBeside): TfjsRow {
  const [ours, tfjs] = [speed(items, measured.ours), speed(items, measured.theirs)];
  return {
    version: String(measured.about["tfjs"]),
    backend: String(measured.about["backend"]),
    ours,
    tfjs,
    ratio: ours / tfjs,
    spread: spreadOf(measured.ours),
    tfjsPeakMb: measured.peakMb,
  };
}

function speed(items: number, seconds: readonly number[]): number {
  return items / quantile(seconds, 0.5);
}

function spreadOf(seconds: readonly number[]): number {
  return (quantile(seconds, 0.75) - quantile(seconds, 0.25)) / 2 / quantile(seconds, 0.5);
}

function quantile(list: readonly number[], share: number): number {
  const sorted = list.toSorted((a, b) => a - b);
  const at = share * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(at)] ?? Number.NaN, sorted[Math.ceil(at)] ?? Number.NaN];
  return below + (above - below) * (at - Math.floor(at));
}
