import type { Pixels } from "../../toolkit/images/decoder.ts";
import type { Runtime } from "../../toolkit/node.ts";
import type { Claim } from "../claim.ts";
import type { Sets } from "./digits.ts";

/** What every part of the recipe works with. */
export interface Lab {
  readonly runtime: Runtime;
  /** Ink less its mean, over its deviation. */
  readonly sets: Sets;
  /** Ink from 0 to 1. */
  readonly raw: Sets;
  /** A run that shows that the recipe runs: what takes long to learn is not judged. */
  readonly tiny: boolean;
  readonly seed: number;
}

/** A part of the recipe: what was done, what is claimed of it, and what there is to see. */
export interface Section {
  readonly title: string;
  readonly note: string;
  readonly claims: readonly Claim[];
  readonly figures: readonly Figure[];
}

export type Point = readonly [x: number, y: number];
export type Figure = LineFigure | PictureFigure | TableFigure;

export interface LineFigure {
  readonly kind: "lines";
  readonly title: string;
  readonly xLabel: string;
  readonly lines: readonly { readonly name: string; readonly points: readonly Point[] }[];
  readonly logX?: boolean;
  readonly logY?: boolean;
  /** Drawn as stairs, as the counts of a histogram are. */
  readonly stairs?: boolean;
  /** Vertical lines. */
  readonly marks?: readonly { readonly x: number; readonly label: string }[];
}

export interface PictureFigure {
  readonly kind: "picture";
  readonly title: string;
  readonly pixels: Pixels;
}

export interface TableFigure {
  readonly kind: "table";
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] ?? 0;
  return sum / values.length;
}

export function deviation(values: ArrayLike<number>): number {
  const middle = mean(values);
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += ((values[i] ?? 0) - middle) ** 2;
  return Math.sqrt(squares / values.length);
}

/** A curve by step, from 1: each point the mean of those around it (a twentieth of all), and at most so many points that nobody could see more. */
export function smoothed(values: readonly number[], share = 0.05): readonly Point[] {
  const half = Math.floor((share * values.length) / 2);
  const apart = Math.max(1, Math.round(values.length / 160));
  const points: Point[] = [];
  for (let i = 0; i < values.length; i += apart) {
    points.push([i + 1, mean(values.slice(Math.max(0, i - half), i + half + 1))]);
  }
  return points;
}

/** Shares of the values in bins of equal width, as stairs. */
export function histogram(
  values: ArrayLike<number>,
  [low, high]: readonly [number, number],
  bins = 40,
): readonly Point[] {
  const counts = Array.from({ length: bins }, () => 0);
  const width = (high - low) / bins;
  for (let i = 0; i < values.length; i++) {
    const bin = Math.min(bins - 1, Math.max(0, Math.floor(((values[i] ?? 0) - low) / width)));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return counts.map((count, i) => [low + (i + 0.5) * width, count / values.length]);
}
