/** Gets a file from an address, and returns the path of the one whose SHA-256 is this. */
export type FetchFile = (url: string, sha256: string) => Promise<string>;

/** What a source cannot say of itself. */
export interface SourceOptions {
  /** Columns of a table that are numbers to be learnt. */
  readonly numbers?: readonly string[];
  /** Whether every photo of a table may have several labels; where absent, they may if one has another number of them than one. */
  readonly isMultiLabel?: boolean;
  /** Names of the classes, where a file has numbers from 0 on instead. */
  readonly classNames?: readonly string[];
  /** Gets the photos that a table has as addresses; these are refused where absent. */
  readonly fetchFile?: FetchFile;
}
