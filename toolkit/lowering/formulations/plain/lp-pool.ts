import type { GraphBuilder } from "../../../graph/builder.ts";
import type { Value } from "../../../graph/ir.ts";
import { scalarLike } from "../../../operators/like.ts";
import type { Formulation } from "../../formulation.ts";
import { volume } from "../geometry.ts";
import { lacksKernel } from "./lacks-kernel.ts";

function power(b: GraphBuilder, v: Value, exponent: number): Value {
  return b.op("Pow", [v, scalarLike(b, exponent, v)]);
}

/** The p-th root of the mean of |x|^p over each window, padding counted, times the elements of a window. */
const ofMeans: Formulation = {
  name: "lp-pool-of-means",
  serves: ({ attrs }) => attrs.ints("dilations", []).every((d) => d === 1) && attrs.int("ceil_mode", 0) === 0,
  pays: lacksKernel,
  write: ({ b, x, attrs }) => {
    const { p: _, ...window } = attrs.all;
    const p = attrs.int("p", 2);
    const mean = b.op("AveragePool", [power(b, b.op("Abs", [x()]), p)], { ...window, count_include_pad: 1 });
    const size = volume(attrs.ints("kernel_shape", []));
    return [power(b, b.op("Mul", [mean, scalarLike(b, size, x())]), 1 / p)];
  },
};

/** The p-th root of the sum of |x|^p over each map. */
const ofSums: Formulation = {
  name: "global-lp-pool-of-sums",
  serves: () => true,
  pays: lacksKernel,
  write: ({ b, x, attrs }) => {
    const p = attrs.int("p", 2);
    const axes = x()
      .shape.map((_, i) => i)
      .slice(2);
    const sum = b.op("ReduceSum", [power(b, b.op("Abs", [x()]), p), b.ints(axes)], { keepdims: 1 });
    return [power(b, sum, 1 / p)];
  },
};

export const lpPool: readonly Formulation[] = [ofMeans];
export const globalLpPool: readonly Formulation[] = [ofSums];
