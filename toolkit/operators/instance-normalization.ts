import type { Operator } from "../graph/operator.ts";
import { checkChannels, perChannel, sumToChannels } from "./per-channel.ts";
import { standardised, standardisedGradient } from "./standardised.ts";

/** y = scale (x - mean) / sqrt(variance + epsilon) + bias, with mean and variance of each map of each picture. */
export const instanceNormalization: Operator = {
  type: "InstanceNormalization",
  infer: (t) => {
    checkChannels(t, 1, 2);
    return [t.input(0)];
  },
  gradient: ({ b, x, dy, attrs }) => {
    const spatial = x()
      .shape.map((_, i) => i)
      .slice(2);
    const own = () => standardised(b, x(), spatial, attrs.float("epsilon", 1e-5));
    return [
      () => standardisedGradient(b, b.op("Mul", [dy(), perChannel(b, x(1), x())]), own()),
      () => sumToChannels(b, b.op("Mul", [dy(), own().normal])),
      () => sumToChannels(b, dy()),
    ];
  },
};
