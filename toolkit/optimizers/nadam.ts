import type { Value } from "../graph/ir.ts";
import type { MomentOptions } from "./adam.ts";
import { at, biasCorrection, movingAverage, scalarSlot, slotsLike } from "./transform.ts";
import type { Transform } from "./transform.ts";
import { withDecay } from "./weight-decay.ts";
import type { DecayPlaceOptions } from "./weight-decay.ts";

export interface NadamOptions extends MomentOptions, DecayPlaceOptions {
  /** How quickly the momentum comes up to beta1; 0.004. */
  readonly momentumDecay?: number;
}

/**
 * Adam with Nesterov momentum (Dozat 2016, section 3), as torch.optim.NAdam: mu_t = beta1 * (1 - 0.96^(t * momentumDecay) / 2);
 * the direction is ((1 - mu_t) / (1 - mu_1...mu_t) * g + mu_(t+1) / (1 - mu_1...mu_(t+1)) * mean) over the root of the corrected second moment.
 */
function scaleByNadam(options: NadamOptions): Transform {
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, momentumDecay = 0.004 } = options;
  return {
    state: (params) => [
      scalarSlot("nadam/count"),
      scalarSlot("nadam/product", 1),
      ...slotsLike(params, "nadam/mean"),
      ...slotsLike(params, "nadam/variance"),
    ],
    apply({ b, params, updates, state }) {
      const n = params.length;
      const one = b.scalar(1);
      const count = b.op("Add", [at(state, 0), one]);
      const momentum = (t: Value): Value => {
        const power = b.op("Pow", [b.scalar(0.96 ** momentumDecay), t]);
        return b.op("Mul", [b.op("Sub", [one, b.op("Mul", [power, b.scalar(0.5)])]), b.scalar(beta1)]);
      };
      const now = momentum(count);
      const next = momentum(b.op("Add", [count, one]));
      const product = b.op("Mul", [at(state, 1), now]);
      const ofGradient = b.op("Div", [b.op("Sub", [one, now]), b.op("Sub", [one, product])]);
      const ofMean = b.op("Div", [next, b.op("Sub", [one, b.op("Mul", [product, next])])]);
      const mean = updates.map((g, i) => movingAverage(b, at(state, 2 + i), g, beta1));
      const variance = updates.map((g, i) => movingAverage(b, at(state, 2 + n + i), b.op("Mul", [g, g]), beta2));
      const correction = biasCorrection(b, beta2, count);
      const directions = updates.map((g, i) => {
        const root = b.op("Sqrt", [b.op("Div", [at(variance, i), correction])]);
        const sum = b.op("Add", [b.op("Mul", [g, ofGradient]), b.op("Mul", [at(mean, i), ofMean])]);
        return b.op("Div", [sum, b.op("Add", [root, b.scalar(epsilon)])]);
      });
      return { updates: directions, state: [count, product, ...mean, ...variance] };
    },
  };
}

/** NAdam with L2 or decoupled weight decay (0 by default), exactly as torch.optim.NAdam. */
export function nadam(options: NadamOptions = {}): Transform {
  return withDecay(scaleByNadam(options), options);
}
