/** One comparison with stored reference values; it rejects with the difference when it fails. */
export interface GoldenCase {
  readonly name: string;
  readonly run: () => Promise<void>;
  /** The same with a formulation forced on; resolves to whether that served. Only where a graph is lowered. */
  readonly runWith?: (form: string) => Promise<boolean>;
}
