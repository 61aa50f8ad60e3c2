import type { BadFile, PhotoSource } from "./sample.ts";

export type Part = "train" | "validation" | "test";

/** A photo as a source of data names it, before it belongs to a part of the data and its labels have numbers. */
export interface Entry {
  /** Unique in its source, and the same on every machine: a path below the source's folder, or a number. */
  readonly id: string;
  /** What messages call it, and where it is unless there is a `picture`. */
  readonly path: string;
  readonly picture?: PhotoSource;
  /** None, one or several. */
  readonly labels: readonly string[];
  /** Labels of another kind, for each of the source's `more`. */
  readonly more?: readonly (readonly string[])[];
  /** Numbers to be learnt, one for each of the source's `columns`; NaN where it is not known. */
  readonly numbers?: readonly number[];
  /** Where the source says to which part it belongs. */
  readonly part?: Part;
  /** What it counts in the loss beside others; 1 where absent. */
  readonly weight?: number;
  /** Photos of one group stay in one part. */
  readonly group?: string;
}

/** A column of labels beside the first. */
export interface LabelColumn {
  readonly name: string;
  /** Whether a photo may have several of them, or none. */
  readonly isMultiLabel: boolean;
}

/** All that a folder, a table or an archive holds. */
export interface DataSource {
  readonly entries: readonly Entry[];
  /** The classes in the order of their numbers, where the source has one; sorted by name otherwise. */
  readonly classes?: readonly string[];
  /** What `numbers` stand for, in their order. */
  readonly columns?: readonly string[];
  /** The column that the labels are from, where it has a name. */
  readonly labelColumn?: string;
  /** Further columns of labels that are to be learnt. */
  readonly more?: readonly LabelColumn[];
  /** Whether a photo may have several labels, or none. */
  readonly isMultiLabel: boolean;
  /** What is left out, and why. */
  readonly bad: readonly BadFile[];
}
