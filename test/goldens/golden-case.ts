/** How a case's graph is to be lowered, where not as it comes. */
export interface Manner {
  /** A formulation that is forced on. */
  readonly forced?: string;
  /** Channels in a block of the machine's blocked operators; without it nothing is blocked. */
  readonly blockSize?: number;
}

/** One comparison with stored reference values; it rejects with the difference when it fails. */
export interface GoldenCase {
  readonly name: string;
  readonly run: () => Promise<void>;
  /** The same in another manner; resolves to whether that serves here: else nothing was compared. Only where a graph is lowered. */
  readonly runWith?: (how: Manner) => Promise<boolean>;
}
