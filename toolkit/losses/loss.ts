import type { GraphBuilder } from "../graph/builder.ts";
import type { Value } from "../graph/ir.ts";

export interface LossInput {
  readonly b: GraphBuilder;
  /** [N,K] */
  readonly logits: Value;
  /** [N,K]: a distribution over classes per row */
  readonly target: Value;
  /** [N]: what each row counts; 0 for the padding of a partial batch */
  readonly weight: Value;
  /** Scalar that the weighted sum is divided by: the count of rows or the sum of their weights */
  readonly divisor: Value;
}

/** A loss writes itself into the step graph and returns a scalar. */
export interface Loss {
  readonly name: string;
  readonly emit: (x: LossInput) => Value;
}
