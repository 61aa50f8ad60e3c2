import type { Provider } from "../runtime/runtime.ts";

/** What a graph is written for. */
export interface Target {
  readonly provider: Provider;
  /** Extents for symbolic names; a name that is not here stays symbolic. */
  readonly dims: ReadonlyMap<string, number>;
  /** The name of a formulation that is taken wherever it serves, before all others and whether it pays or not. */
  readonly forced?: string;
}
