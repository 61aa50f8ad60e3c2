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
}

/** The line for `items` per run. */
export function row(name: string, unit: string, items: number, measured: Measured): Row {
  const rate = (seconds: readonly number[]): number | null =>
    seconds.length > 0 ? items / quantile(seconds, 0.5) : null;
  const ours = items / quantile(measured.ours, 0.5);
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
    spread: (quantile(measured.ours, 0.75) - quantile(measured.ours, 0.25)) / 2 / quantile(measured.ours, 0.5),
    oursPeakMb: measured.oursPeakMb,
    peerPeakMb: form === null ? null : measured.peakMb[form],
  };
}

function quantile(list: readonly number[], share: number): number {
  const sorted = list.toSorted((a, b) => a - b);
  const at = share * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(at)] ?? Number.NaN, sorted[Math.ceil(at)] ?? Number.NaN];
  return below + (above - below) * (at - Math.floor(at));
}
