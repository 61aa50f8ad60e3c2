import type { GraphBuilder } from "../graph/builder.ts";
import type { Value } from "../graph/ir.ts";
import { stateless } from "./transform.ts";
import type { Transform } from "./transform.ts";
import { isNormOrBias } from "./weight-decay.ts";

export interface AdaptiveClipOptions {
  /** A unit of a smaller norm is taken to have this one, so that what starts as zeros can move; 1e-3. */
  readonly epsilon?: number;
  /** Names of parameters that are left alone, none by default; the paper leaves out the last layer. */
  readonly exclude?: readonly string[];
}

/** A gradient's norm is not divided by less than this. */
const LEAST_NORM = 1e-6;

/**
 * Adaptive gradient clipping (Brock et al. 2021, equation 3): the gradient of each unit is held to `most` times the norm of the unit,
 * g *= min(1, most * max(|w|, epsilon) / |g|). A unit is one index of the axis that `unitAxes` of the step names, of the first
 * where it names none (an output channel of Conv, a row of Gemm with transB); a norm or a bias (see `isNormOrBias`) is one unit.
 */
export function adaptiveClip(most: number, { epsilon = 1e-3, exclude = [] }: AdaptiveClipOptions = {}): Transform {
  const excluded = new Set(exclude);
  return stateless(({ b, param, update, unitAxis }) => {
    if (excluded.has(param.name)) return update;
    const allowed = b.op("Mul", [b.op("Max", [unitNorms(b, param, unitAxis), b.scalar(epsilon)]), b.scalar(most)]);
    const norm = b.op("Max", [unitNorms(b, update, unitAxis), b.scalar(LEAST_NORM)]);
    return b.op("Mul", [update, b.op("Min", [b.op("Div", [allowed, norm]), b.scalar(1)])]);
  });
}

/** The norm of each unit, in a shape that broadcasts with `v`. */
function unitNorms(b: GraphBuilder, v: Value, unitAxis: number): Value {
  const axes = Array.from(v.shape, (_, i) => i).filter((i) => i !== unitAxis);
  const squares = b.op("Mul", [v, v]);
  const sums = isNormOrBias(v.shape) ? [squares] : [squares, b.ints(axes)];
  return b.op("Sqrt", [b.op("ReduceSum", sums, { keepdims: 1 })]);
}
