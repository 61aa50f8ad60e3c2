import type { EncodedPicture, Pixels } from "../images/decoder.ts";

export type { FilePart } from "../images/decoder.ts";

/** Where a picture is: the path of its file, its encoded bytes, a part of a file, or pixels as they are. Plain data, so that another process can read it. */
export type PhotoSource = EncodedPicture | Pixels;

/** A labelled photo. */
export interface Sample {
  /** What messages call it, and where it is unless there is a `picture`. */
  readonly path: string;
  /** Where it is, if not in a file of its own. */
  readonly picture?: PhotoSource;
  /** Index into the classes. Where photos have several labels, the first of its own; -1 where it has none. */
  readonly label: number;
  /** All of its classes, where photos have several. */
  readonly labels?: readonly number[];
  /** The classes of each of the data set's further label columns. */
  readonly more?: readonly (readonly number[])[];
  /** Numbers to be learnt, one for each column of the data set; NaN where it is not known. */
  readonly numbers?: readonly number[];
  /** What it counts in the loss beside others; 1 where absent. */
  readonly weight?: number;
  /** Photos of one group (of one person, one tree, one burst) stay on one side of a split. */
  readonly group?: string;
  /** The path below the data folder, parts joined by "/": the same on every machine. */
  readonly id: string;
}

/** A file that is left out, and why. */
export interface BadFile {
  readonly path: string;
  readonly code: string;
  readonly message: string;
}
