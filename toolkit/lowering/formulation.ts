import type { AttributeReader } from "../graph/attributes.ts";
import type { GraphBuilder } from "../graph/builder.ts";
import type { Node, TensorType, Value } from "../graph/ir.ts";
import type { Layout } from "../graph/layout.ts";
import type { Laid } from "./laid-values.ts";
import type { Target } from "./target.ts";

/** An operator that is to be written in a target's own operators. */
export interface Site {
  /** The graph that is being written. */
  readonly b: GraphBuilder;
  /** Its inputs are those of `b`, plain. */
  readonly node: Node;
  readonly attrs: AttributeReader;
  /** Whether input `i` is given. */
  readonly has: (i: number) => boolean;
  /** The type of input `i`, whatever its layout. */
  readonly type: (i?: number) => TensorType;
  /** The layout in which input `i` was made. */
  readonly made: (i?: number) => Layout;
  /** The value of input `i` in `b`, plain or in the layout asked for: it is moved there where it is not. */
  readonly x: (i?: number, layout?: Layout) => Value;
  readonly target: Target;
}

/** One way to write an operator. */
export interface Formulation {
  /** In kebab-case; no other formulation has it, and it stays what it is. */
  readonly name: string;
  /** Whether it computes the right thing here. */
  readonly serves: (site: Site) => boolean;
  /** Whether it is worth taking, of the sites it serves; without it, on all of them. */
  readonly pays?: (site: Site) => boolean;
  /** Writes the nodes and returns one value for each output: plain, or with its layout. */
  readonly write: (site: Site) => readonly (Value | Laid)[];
}

/** By operator (see `operatorKey`), best first. A standard operator for which none serves stays as it is. */
export type Formulations = ReadonlyMap<string, readonly Formulation[]>;
