import type { GraphBuilder } from "../graph/builder.ts";
import type { Value } from "../graph/ir.ts";
import { stateless } from "./transform.ts";
import type { Transform } from "./transform.ts";

export interface AdaptiveClipOptions {
  /** A unit of a smaller norm is taken to have this one, so that what starts as zeros can move. */
  readonly epsilon?: number;
  /** Names of parameters that are left alone; the paper leaves out the last layer. */
  readonly exclude?: readonly string[];
}

/** A gradient's norm is not divided by less than this. */
const LEAST_NORM = 1e-6;

/**
 * Adaptive gradient clipping (Brock et al. 2021, equation 3): the gradient of each unit is held to `most` times the norm of the unit,
 * g *= min(1, most * max(|w|, epsilon) / |g|). A unit is one index of the first axis (an output channel of Conv, a row of Gemm);
 * a parameter of rank 0 or 1 is one unit.
 */
export function adaptiveClip(most: number, { epsilon = 1e-3, exclude = [] }: AdaptiveClipOptions = {}): Transform {
  const excluded = new Set(exclude);
  return stateless(({ b, param, update }) => {
    if (excluded.has(param.name)) return update;
    const allowed = b.op("Mul", [b.op("Max", [unitNorms(b, param), b.scalar(epsilon)]), b.scalar(most)]);
    const norm = b.op("Max", [unitNorms(b, update), b.scalar(LEAST_NORM)]);
    return b.op("Mul", [update, b.op("Min", [b.op("Div", [allowed, norm]), b.scalar(1)])]);
  });
}

/** The norm of each unit, in a shape that broadcasts with `v`. */
function unitNorms(b: GraphBuilder, v: Value): Value {
  const rank = v.shape.length;
  const axes = Array.from({ length: Math.max(0, rank - 1) }, (_, i) => i + 1);
  const squares = b.op("Mul", [v, v]);
  const sums = rank <= 1 ? [squares] : [squares, b.ints(axes)];
  return b.op("Sqrt", [b.op("ReduceSum", sums, { keepdims: 1 })]);
}
