import type { Provider } from "../runtime/runtime.ts";

/** What a graph is written for. */
export interface Target {
  readonly provider: Provider;
  /** Extents for symbolic names; a name that is not here stays symbolic. */
  readonly dims: ReadonlyMap<string, number>;
}
