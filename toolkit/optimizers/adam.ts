import { at, biasCorrection, movingAverage, scalarSlot, slotsLike } from "./transform.ts";
import type { Transform } from "./transform.ts";
import { withDecay } from "./weight-decay.ts";
import type { DecayOptions } from "./weight-decay.ts";

export interface MomentOptions {
  /** Share of the mean of the gradient that is kept at each step; 0.9. */
  readonly beta1?: number;
  /** Share of the mean of its square that is kept at each step; 0.999. */
  readonly beta2?: number;
  /** Added to what is divided by, so that it is never 0; 1e-8. */
  readonly epsilon?: number;
}

/** `decay` is L2 for `adam` and `amsgrad`, decoupled for `adamw`. */
export interface AdamOptions extends MomentOptions, DecayOptions {
  /** Divide by the largest second moment so far (Reddi et al. 2018); false. */
  readonly amsgrad?: boolean;
}

/** Adam's direction (Kingma and Ba 2015, algorithm 1): bias-corrected first moment over the root of the bias-corrected second. */
function scaleByAdam({
  beta1 = 0.9,
  beta2 = 0.999,
  epsilon = 1e-8,
  amsgrad: keepsLargest = false,
}: AdamOptions): Transform {
  return {
    state: (params) => [
      scalarSlot("adam/count"),
      ...slotsLike(params, "adam/mean"),
      ...slotsLike(params, "adam/variance"),
      ...(keepsLargest ? slotsLike(params, "adam/largest") : []),
    ],
    apply({ b, params, updates, state }) {
      const n = params.length;
      const count = b.op("Add", [at(state, 0), b.scalar(1)]);
      const mean = updates.map((g, i) => movingAverage(b, at(state, 1 + i), g, beta1));
      const variance = updates.map((g, i) => movingAverage(b, at(state, 1 + n + i), b.op("Mul", [g, g]), beta2));
      // the largest before the bias correction, as PyTorch does
      const largest = keepsLargest ? variance.map((v, i) => b.op("Max", [at(state, 1 + 2 * n + i), v])) : [];
      const first = biasCorrection(b, beta1, count);
      const second = b.op("Sqrt", [biasCorrection(b, beta2, count)]);
      const directions = mean.map((m, i) => {
        const root = b.op("Div", [b.op("Sqrt", [at(keepsLargest ? largest : variance, i)]), second]);
        return b.op("Div", [b.op("Div", [m, first]), b.op("Add", [root, b.scalar(epsilon)])]);
      });
      return { updates: directions, state: [count, ...mean, ...variance, ...largest] };
    },
  };
}

/** Adam with L2 weight decay (added to the gradient; 0 by default), exactly as torch.optim.Adam. */
export function adam(options: AdamOptions = {}): Transform {
  return withDecay(scaleByAdam(options), options);
}

/** Adam that divides by the largest second moment so far (Reddi et al. 2018). */
export function amsgrad(options: Omit<AdamOptions, "amsgrad"> = {}): Transform {
  return adam({ ...options, amsgrad: true });
}

/** Adam with decoupled weight decay, 0.01 by default (Loshchilov and Hutter 2019), exactly as torch.optim.AdamW. */
export function adamw(options: AdamOptions = {}): Transform {
  return withDecay(scaleByAdam(options), { ...options, decay: options.decay ?? 0.01, decoupled: true });
}
