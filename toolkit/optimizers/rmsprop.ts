import { trace } from "./sgd.ts";
import { at, chain, movingAverage, slotsLike } from "./transform.ts";
import type { Transform } from "./transform.ts";
import { withDecay } from "./weight-decay.ts";
import type { DecayOptions } from "./weight-decay.ts";

export interface RmspropOptions extends DecayOptions {
  /** Share of the mean of the squared gradient that is kept at each step; 0.99. */
  readonly alpha?: number;
  /** Added to the root that is divided by; 1e-8. */
  readonly epsilon?: number;
  /** Share of the velocity that is kept at each step; 0. */
  readonly momentum?: number;
  /** Divide by the standard deviation instead of the root mean square (Graves 2013, equations 38 to 45); false. */
  readonly centered?: boolean;
}

/** g over the root of the moving average of g^2 (Hinton 2012, lecture 6e), as torch.optim.RMSprop: epsilon is added behind the root. */
function scaleByRms({ alpha = 0.99, epsilon = 1e-8, centered = false }: RmspropOptions): Transform {
  return {
    state: (params) => [...slotsLike(params, "rmsprop/square"), ...(centered ? slotsLike(params, "rmsprop/mean") : [])],
    apply({ b, params, updates, state }) {
      const n = params.length;
      const square = updates.map((g, i) => movingAverage(b, at(state, i), b.op("Mul", [g, g]), alpha));
      const mean = centered ? updates.map((g, i) => movingAverage(b, at(state, n + i), g, alpha)) : [];
      const directions = updates.map((g, i) => {
        const m = mean[i];
        // a variance near 0 may come out below it
        const power = m ? b.op("Relu", [b.op("Sub", [at(square, i), b.op("Mul", [m, m])])]) : at(square, i);
        return b.op("Div", [g, b.op("Add", [b.op("Sqrt", [power]), b.scalar(epsilon)])]);
      });
      return { updates: directions, state: [...square, ...mean] };
    },
  };
}

/** RMSprop with momentum (0 by default) and L2 weight decay, exactly as torch.optim.RMSprop. */
export function rmsprop(options: RmspropOptions = {}): Transform {
  const { momentum = 0 } = options;
  const direction = scaleByRms(options);
  return withDecay(momentum === 0 ? direction : chain(direction, trace(momentum)), options);
}
