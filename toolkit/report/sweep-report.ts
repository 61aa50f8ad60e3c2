import type { Setting } from "./run-report.ts";

/** A setting that was swept: one of some values, or a number of a range. */
export type SweptSetting = { readonly name: string } & (
  | { readonly kind: "choice"; readonly values: readonly Setting[] }
  | { readonly kind: "range"; readonly from: number; readonly to: number; readonly scale: "linear" | "log" }
);

/** A number over seeds: its mean, and the sample standard deviation where there is more than one. */
export interface SeedSpread {
  readonly mean: number;
  readonly deviation: number | null;
}

/** What one point of the space came to. */
export interface SweepRow {
  /** Counts from 1, in the order in which points were drawn. */
  readonly number: number;
  readonly values: Readonly<Record<string, Setting>>;
  /** Epochs of its longest trials, where halving decided it. */
  readonly epochs: number | null;
  /** 0..1; null where every trial failed. */
  readonly quality: SeedSpread | null;
  readonly loss: SeedSpread | null;
  readonly seconds: number;
  /** Why trials failed. */
  readonly errors: readonly string[];
}

/** Everything that the page of a sweep shows, as results.json holds it. */
export interface SweepReport {
  readonly title: string;
  readonly model: string;
  readonly method: "grid" | "random" | "halving";
  readonly status: "done" | "stopped";
  /** What `quality` is: accuracy, or mean average precision. */
  readonly metric: string;
  readonly trainImages: number;
  readonly validationImages: number;
  /** Trials of each point. */
  readonly seeds: number;
  readonly axes: readonly SweptSetting[];
  /** Best first. */
  readonly rows: readonly SweepRow[];
  /** How many rows, the best among them, the validation photos cannot tell apart: they are within one standard error. */
  readonly close: number;
  /** What all trials share. */
  readonly settings: Readonly<Record<string, Setting>>;
  readonly versions: Readonly<Record<string, string>>;
  readonly finishedAt: string;
}
