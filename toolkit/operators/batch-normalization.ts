import { GRADIENT_DOMAIN } from "../graph/ir.ts";
import type { TensorType } from "../graph/ir.ts";
import type { Operator } from "../graph/operator.ts";
import { checkChannels, perChannel, sumToChannels } from "./per-channel.ts";
import { inverseDeviation } from "./standardised.ts";

/** The inference form: y = scale (x - mean) / sqrt(variance + epsilon) + bias, with mean and variance taken as given. */
export const batchNormalization: Operator = {
  type: "BatchNormalization",
  infer: (t) => {
    const { input, outputCount } = t;
    checkChannels(t, 1, 2, 3, 4);
    const statistics: TensorType[] = Array.from({ length: outputCount - 1 }, () => input(3));
    return [input(0), ...statistics];
  },
  gradient: ({ b, x, dy, attrs }) => {
    const inverse = () => inverseDeviation(b, x(4), attrs.float("epsilon", 1e-5));
    return [
      () => b.op("Mul", [dy(), perChannel(b, b.op("Mul", [x(1), inverse()]), x())]),
      () => {
        const centred = b.op("Sub", [x(), perChannel(b, x(3), x())]);
        return b.op("Mul", [sumToChannels(b, b.op("Mul", [dy(), centred])), inverse()]);
      },
      () => sumToChannels(b, dy()),
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
