import type { GraphBuilder } from "../graph/builder.ts";
import { GRADIENT_DOMAIN } from "../graph/ir.ts";
import type { TensorType, Value } from "../graph/ir.ts";
import type { Operator } from "../graph/operator.ts";
import { sumOverPixels } from "./conv.ts";
import { scalarLike } from "./like.ts";

/** A value for each channel, shaped so that it broadcasts against `x` [N,C,...]. */
export function perChannel(b: GraphBuilder, v: Value, x: Value): Value {
  const axes = x.shape.slice(2).map((_, i) => i + 1);
  return axes.length === 0 ? v : b.op("Unsqueeze", [v, b.ints(axes)]);
}

/** 1 / sqrt(variance + epsilon) */
export function inverseDeviation(b: GraphBuilder, variance: Value, epsilon: number): Value {
  return b.op("Reciprocal", [b.op("Sqrt", [b.op("Add", [variance, scalarLike(b, epsilon, variance)])])]);
}

/** The inference form: y = scale (x - mean) / sqrt(variance + epsilon) + bias, with mean and variance taken as given. */
export const batchNormalization: Operator = {
  type: "BatchNormalization",
  infer: ({ input, outputCount }) => {
    const statistics: TensorType[] = Array.from({ length: outputCount - 1 }, () => input(3));
    return [input(0), ...statistics];
  },
  gradient: ({ b, x, dy, attrs }) => {
    const inverse = () => inverseDeviation(b, x(4), attrs.float("epsilon", 1e-5));
    return [
      () => b.op("Mul", [dy(), perChannel(b, b.op("Mul", [x(1), inverse()]), x())]),
      () => {
        const centred = b.op("Sub", [x(), perChannel(b, x(3), x())]);
        return b.op("Mul", [sumOverPixels(b, b.op("Mul", [dy(), centred])), inverse()]);
      },
      () => sumOverPixels(b, dy()),
      null,
      null,
    ];
  },
};

/**
 * The training form: mean and biased variance [C] are those of the batch, and are given out so that running averages can be kept.
 * Inputs x [N,C,...], scale [C], bias [C]; outputs y, mean, variance. What reads mean or variance gets no gradient through them.
 */
export const batchNormalizationTraining: Operator = {
  type: "BatchNormalizationTraining",
  domain: GRADIENT_DOMAIN,
  infer: ({ input, outputCount }) => [input(0), input(1), input(1)].slice(0, outputCount),
  gradient: ({ b, x, y, dy, attrs }) => {
    const part = (i: number) => () => {
      const inputs = [dy(), x(), x(1), y(1), y(2)];
      return (
        b.ops("BatchNormalizationGradient", inputs, attrs.all, { domain: GRADIENT_DOMAIN, outputCount: 3 })[i] ?? dy()
      );
    };
    return [part(0), part(1), part(2)];
  },
};
