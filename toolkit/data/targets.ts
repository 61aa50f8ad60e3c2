import type { Sample } from "./sample.ts";

/** What a loss compares samples with where that is not one class each: a row of numbers. */
export interface Targets {
  /** Numbers in a row. */
  readonly width: number;
  /** The numbers of a sample. */
  readonly of: (sample: Sample) => readonly number[];
}

/** 1 for each class that a sample has, 0 for the others. */
export function labelTargets(classes: number): Targets {
  return {
    width: classes,
    of({ label, labels = label < 0 ? [] : [label] }) {
      const has = new Set(labels);
      return Array.from({ length: classes }, (_, i) => (has.has(i) ? 1 : 0));
    },
  };
}

/** The rows of some samples, one behind the other: [rows,width]. */
export function targetRows(samples: readonly (Sample | undefined)[], { width, of }: Targets): Float32Array {
  const rows = new Float32Array(samples.length * width);
  for (const [i, sample] of samples.entries()) if (sample) rows.set(of(sample), i * width);
  return rows;
}
