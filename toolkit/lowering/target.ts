import type { Layout } from "../graph/layout.ts";
import type { Provider } from "../runtime/runtime.ts";

/** What a graph is written for. */
export interface Target {
  readonly provider: Provider;
  /** Extents for symbolic names; a name that is not here stays symbolic. */
  readonly dims: ReadonlyMap<string, number>;
  /** Channels in a block of the machine's blocked operators; 0, or absent, where they are not to be used. */
  readonly blockSize?: number;
  /** State input -> the output that replaces it between runs. Both lie as lowering chooses. */
  readonly state?: ReadonlyMap<string, string>;
  /** Input -> a further output that lies like it: the gradient of a parameter. */
  readonly alike?: ReadonlyMap<string, string>;
  /** How inputs lie for which another graph that reads the same state has chosen it. */
  readonly layouts?: ReadonlyMap<string, Layout>;
  /** The formulations to choose among, by name; another is taken only where none of these serves. All of them where absent. */
  readonly forms?: ReadonlySet<string>;
  /** The name of a formulation that is taken wherever it serves, before all others and whether it pays or not. */
  readonly forced?: string;
}
