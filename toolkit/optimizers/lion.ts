import { at, movingAverage, slotsLike } from "./transform.ts";
import type { Transform } from "./transform.ts";
import { withDecay } from "./weight-decay.ts";
import type { DecayOptions } from "./weight-decay.ts";

/** `decay` is decoupled. */
export interface LionOptions extends DecayOptions {
  /** Share of the momentum in the direction; 0.9. */
  readonly beta1?: number;
  /** Share of the momentum that is kept at each step; 0.99. */
  readonly beta2?: number;
}

/** The sign of a blend of momentum and gradient (Chen et al. 2023, program 1). */
function scaleByLion({ beta1 = 0.9, beta2 = 0.99 }: LionOptions): Transform {
  return {
    state: (params) => slotsLike(params, "lion/mean"),
    apply: ({ b, updates, state }) => ({
      updates: updates.map((g, i) => b.op("Sign", [movingAverage(b, at(state, i), g, beta1)])),
      state: updates.map((g, i) => movingAverage(b, at(state, i), g, beta2)),
    }),
  };
}

/** Lion with decoupled weight decay (0 by default; Chen et al. 2023). Its rate is three to ten times smaller than Adam's. */
export function lion(options: LionOptions = {}): Transform {
  return withDecay(scaleByLion(options), { ...options, decoupled: true });
}
