/** One comparison with stored reference values; `run` rejects with the difference when it fails. */
export interface GoldenCase {
  readonly name: string;
  readonly run: () => Promise<void>;
}
