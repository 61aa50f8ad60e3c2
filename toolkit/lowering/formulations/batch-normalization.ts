import type { GraphBuilder } from "../../graph/builder.ts";
import type { Value } from "../../graph/ir.ts";
import { countOf } from "../../operators/like.ts";
import { perChannel } from "../../operators/per-channel.ts";
import { inverseDeviation } from "../../operators/standardised.ts";
import type { Formulation } from "../formulation.ts";

/** Over pixels first, then over images: faster than all at once, and the partial sums stay short. */
function reduceToChannels(b: GraphBuilder, x: Value, type: "ReduceMean" | "ReduceSum"): Value {
  const spatial = x.shape.map((_, i) => i).slice(2);
  const over = (v: Value, axes: readonly number[]): Value =>
    type === "ReduceMean" ? b.op(type, [v], { axes, keepdims: 0 }) : b.op(type, [v, b.ints(axes)], { keepdims: 0 });
  return over(spatial.length === 0 ? x : over(x, spatial), [0]);
}

/** One pass over x: x * scale + bias for each channel. Epsilon is not 0 because some providers refuse that. */
function scaleAndShift(b: GraphBuilder, x: Value, scale: Value, bias: Value): Value {
  const channels = Number(x.shape[1]);
  const epsilon = 1e-5;
  const filled = (value: number): Value => b.op("Expand", [b.scalar(value, x.dtype), b.ints([channels])]);
  return b.op("BatchNormalization", [x, scale, bias, filled(0), filled(1 - epsilon)], { epsilon: { float: epsilon } });
}

/** Inputs x, scale, bias. The variance is that of the centred values: a mean of squares less a squared mean loses digits. */
const training: Formulation = {
  name: "batch-norm-training-centred",
  serves: () => true,
  write: ({ b, x, attrs }) => {
    const mean = reduceToChannels(b, x(0), "ReduceMean");
    const centred = b.op("Sub", [x(0), perChannel(b, mean, x(0))]);
    const variance = reduceToChannels(b, b.op("Mul", [centred, centred]), "ReduceMean");
    const epsilon = { float: attrs.float("epsilon", 1e-5) };
    return [b.op("BatchNormalization", [x(0), x(1), x(2), mean, variance], { epsilon }), mean, variance];
  },
};

/**
 * Inputs dy, x, scale, mean, variance. With c = x - mean, r = 1 / sqrt(variance + epsilon) and means over the batch:
 * dx = scale r (dy - mean(dy) - c r^2 mean(dy c)), dscale = r sum(dy c), dbias = sum(dy).
 */
const gradient: Formulation = {
  name: "batch-norm-gradient-centred",
  serves: ({ x }) => typeof x(1).shape[1] === "number",
  write: ({ b, x, attrs }) => {
    const [dy, scale] = [x(0), x(2)];
    const centred = b.op("Sub", [x(1), perChannel(b, x(3), x(1))]);
    const inverse = inverseDeviation(b, x(4), attrs.float("epsilon", 1e-5));
    const sum = reduceToChannels(b, dy, "ReduceSum");
    const product = reduceToChannels(b, b.op("Mul", [dy, centred]), "ReduceSum");
    const count = countOf(
      b,
      dy,
      dy.shape.map((_, i) => i).filter((i) => i !== 1),
    );
    const slope = b.op("Mul", [b.op("Mul", [inverse, inverse]), b.op("Div", [product, count])]);
    const factor = b.op("Mul", [scale, inverse]);
    const shift = b.op("Neg", [b.op("Mul", [factor, b.op("Div", [sum, count])])]);
    const along = b.op("Sub", [dy, b.op("Mul", [centred, perChannel(b, slope, dy)])]);
    return [scaleAndShift(b, along, factor, shift), b.op("Mul", [inverse, product]), sum];
  },
};

export const batchNormalizationTraining: readonly Formulation[] = [training];
export const batchNormalizationGradient: readonly Formulation[] = [gradient];
