import type { MomentOptions } from "./adam.ts";
import { at, biasCorrection, movingAverage, scalarSlot, slotsLike } from "./transform.ts";
import type { Transform } from "./transform.ts";
import { withDecay } from "./weight-decay.ts";
import type { DecayOptions } from "./weight-decay.ts";

export interface AdamaxOptions extends MomentOptions, DecayOptions {}

/** Adam with the infinity norm (Kingma and Ba 2015, algorithm 2), as torch.optim.Adamax: u = max(beta2 * u, |g| + epsilon). */
function scaleByAdamax({ beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 }: AdamaxOptions): Transform {
  return {
    state: (params) => [
      scalarSlot("adamax/count"),
      ...slotsLike(params, "adamax/mean"),
      ...slotsLike(params, "adamax/largest"),
    ],
    apply({ b, params, updates, state }) {
      const n = params.length;
      const count = b.op("Add", [at(state, 0), b.scalar(1)]);
      const mean = updates.map((g, i) => movingAverage(b, at(state, 1 + i), g, beta1));
      const largest = updates.map((g, i) => {
        const kept = b.op("Mul", [at(state, 1 + n + i), b.scalar(beta2)]);
        return b.op("Max", [kept, b.op("Add", [b.op("Abs", [g]), b.scalar(epsilon)])]);
      });
      const correction = biasCorrection(b, beta1, count);
      const directions = mean.map((m, i) => b.op("Div", [b.op("Div", [m, correction]), at(largest, i)]));
      return { updates: directions, state: [count, ...mean, ...largest] };
    },
  };
}

/** Adamax with L2 weight decay (0 by default), exactly as torch.optim.Adamax. */
export function adamax(options: AdamaxOptions = {}): Transform {
  return withDecay(scaleByAdamax(options), options);
}
