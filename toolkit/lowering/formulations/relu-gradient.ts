import { scalarLike, maskLike } from "../../operators/like.ts";
import type { Formulation } from "../formulation.ts";

/** max(0, min(1, alpha y)) with a slope so steep that every y above 1 / alpha counts as 1; several times faster than a comparison on CPU. */
const steepSlope: Formulation = {
  name: "relu-steep-slope",
  serves: ({ x }) => x(1).dtype === "float32" || x(1).dtype === "float16",
  write: ({ b, x }) => {
    // 1e30 would be infinite in float16, and 0 times infinity no number
    const alpha = x(1).dtype === "float16" ? 6e4 : 1e30;
    return [b.op("Mul", [x(0), b.op("HardSigmoid", [x(1)], { alpha: { float: alpha }, beta: { float: 0 } })])];
  },
};

const comparison: Formulation = {
  name: "relu-comparison",
  serves: () => true,
  write: ({ b, x }) => [b.op("Mul", [x(0), maskLike(b, b.op("Greater", [x(1), scalarLike(b, 0, x(1))]), x(0))])],
};

export const reluGradient: readonly Formulation[] = [steepSlope, comparison];
