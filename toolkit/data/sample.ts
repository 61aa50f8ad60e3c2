/** A labelled photo. */
export interface Sample {
  readonly path: string;
  /** Index into the classes. */
  readonly label: number;
  /** The path below the data folder, parts joined by "/": the same on every machine. */
  readonly id: string;
}

/** A file that is left out, and why. */
export interface BadFile {
  readonly path: string;
  readonly code: string;
  readonly message: string;
}
