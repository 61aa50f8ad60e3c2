/** Gets a file from an address, and returns the path of the one whose SHA-256 is this. */
export type FetchFile = (url: string, sha256: string) => Promise<string>;

/** What a source cannot say of itself. */
export interface SourceOptions {
  /** Columns of a table that are numbers to be learnt, beside its labels. */
  readonly numbers?: readonly string[];
  /**
   * The columns of a table that are to be learnt, and no others: numbers where most of a column's cells are numbers, else labels. "NAME:number" and
   * "NAME:label" say which. Where neither these nor `numbers` are given: the labels; of a table without any, every column of numbers.
   */
  readonly targets?: readonly string[];
  /** Whether every photo of a table may have several labels; where absent, they may if one has another number of them than one. */
  readonly isMultiLabel?: boolean;
  /** Names of the classes, where a file has numbers from 0 on instead. */
  readonly classNames?: readonly string[];
  /** Gets the photos that a table has as addresses; these are refused where absent. */
  readonly fetchFile?: FetchFile;
}
