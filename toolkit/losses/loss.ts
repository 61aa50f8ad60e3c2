import type { GraphBuilder } from "../graph/builder.ts";
import type { Value } from "../graph/ir.ts";
import type { TargetKind } from "./target-type.ts";

export interface LossInput {
  readonly b: GraphBuilder;
  /** What the network says: logits [N,K], or [N,K,H,W] per pixel; numbers; or features [N,F] */
  readonly logits: Value;
  /** What `Loss.target` asks for; a loss that asks for none does not read it. */
  readonly target: Value;
  /** [N]: what each row counts; 0 for the padding of a partial batch */
  readonly weight: Value;
  /** Scalar that the weighted sum is divided by: the count of rows or the sum of their weights */
  readonly divisor: Value;
  /** The values that `Loss.reads` names, in the shape of the logits. */
  readonly extras?: ReadonlyMap<string, Value>;
}

/** A loss writes itself into the step graph and returns a scalar. Rows of weight 0 reach neither it nor a gradient, whatever they hold. */
export interface Loss {
  readonly name: string;
  /** What its target holds; a distribution over the classes where absent. */
  readonly target?: TargetKind;
  /** Names of further values it reads (a teacher's logits, positives and negatives): values of the graph, or else inputs of the step, float32 in the shape of the logits. */
  readonly reads?: readonly string[];
  readonly emit: (x: LossInput) => Value;
}
