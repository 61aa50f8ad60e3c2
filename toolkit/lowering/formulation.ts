import type { AttributeReader } from "../graph/attributes.ts";
import type { GraphBuilder } from "../graph/builder.ts";
import type { Node, Value } from "../graph/ir.ts";
import type { Target } from "./target.ts";

/** A gradient operator that is to be written in a target's own operators. */
export interface Site {
  /** The graph that is being written. */
  readonly b: GraphBuilder;
  readonly node: Node;
  readonly attrs: AttributeReader;
  /** The value of input `i`, in `b`. */
  readonly x: (i?: number) => Value;
  readonly target: Target;
}

/** One way to write a gradient operator. */
export interface Formulation {
  /** In kebab-case; no other formulation has it, and it stays what it is. */
  readonly name: string;
  /** Whether it computes the right thing here. */
  readonly serves: (site: Site) => boolean;
  /** Whether it is worth taking, of the sites it serves; without it, on all of them. */
  readonly pays?: (site: Site) => boolean;
  /** Writes the nodes and returns one value for each output. */
  readonly write: (site: Site) => readonly Value[];
}

/** By gradient operator (see `operatorKey`), best first. */
export type Formulations = ReadonlyMap<string, readonly Formulation[]>;
