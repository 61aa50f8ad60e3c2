import type { GraphBuilder } from "../graph/builder.ts";
import type { Value } from "../graph/ir.ts";
import { scalarLike } from "./like.ts";

/** 1 / sqrt(variance + epsilon) */
export function inverseDeviation(b: GraphBuilder, variance: Value, epsilon: number): Value {
  return b.op("Reciprocal", [b.op("Sqrt", [b.op("Add", [variance, scalarLike(b, epsilon, variance)])])]);
}

interface Moments {
  readonly mean: Value;
  /** x less its mean. */
  readonly centred: Value;
  readonly variance: Value;
}

/** Mean and variance of x over `axes`, which stay with extent 1. */
export function moments(b: GraphBuilder, x: Value, axes: readonly number[]): Moments {
  const mean = b.op("ReduceMean", [x], { axes, keepdims: 1 });
  const centred = b.op("Sub", [x, mean]);
  return { mean, centred, variance: b.op("ReduceMean", [b.op("Mul", [centred, centred])], { axes, keepdims: 1 }) };
}

/** x less its mean, over its deviation: `normal` in the shape of x, `inverse` with the axes it was taken over at extent 1. */
interface Standardised {
  readonly normal: Value;
  readonly inverse: Value;
  readonly axes: readonly number[];
}

/** (x - mean) / sqrt(variance + epsilon), with mean and variance over `axes`. */
export function standardised(b: GraphBuilder, x: Value, axes: readonly number[], epsilon: number): Standardised {
  const { centred, variance } = moments(b, x, axes);
  const inverse = inverseDeviation(b, variance, epsilon);
  return { normal: b.op("Mul", [centred, inverse]), inverse, axes };
}

/**
 * The gradient of x, where `dNormal` is that of its standardised form:
 * (dNormal - mean(dNormal) - normal mean(dNormal normal)) / deviation. Source: Ba, Kiros and Hinton 2016, supplement.
 */
export function standardisedGradient(b: GraphBuilder, dNormal: Value, { normal, inverse, axes }: Standardised): Value {
  const mean = (v: Value): Value => b.op("ReduceMean", [v], { axes, keepdims: 1 });
  const centred = b.op("Sub", [dNormal, mean(dNormal)]);
  const along = b.op("Mul", [normal, mean(b.op("Mul", [dNormal, normal]))]);
  return b.op("Mul", [b.op("Sub", [centred, along]), inverse]);
}
