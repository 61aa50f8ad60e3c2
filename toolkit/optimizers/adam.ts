import { addWeightDecay } from "./weight-decay.ts";
import { at, chain, scaleByRate, slotsLike } from "./transform.ts";
import type { Transform } from "./transform.ts";

export interface AdamOptions {
  readonly beta1?: number;
  readonly beta2?: number;
  readonly epsilon?: number;
  /** Weight decay: L2 for `adam`, decoupled for `adamw`. */
  readonly decay?: number;
  /** Decay norms and biases too. */
  readonly decayAll?: boolean;
}

/** Adam's direction (Kingma and Ba 2015, algorithm 1): bias-corrected first moment over the root of the bias-corrected second. */
function scaleByAdam({ beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 }: AdamOptions = {}): Transform {
  return {
    state: (params) => [
      { name: "adam/count", dtype: "float32", shape: [] },
      ...slotsLike(params, "adam/mean"),
      ...slotsLike(params, "adam/variance"),
    ],
    apply({ b, params, updates, state }) {
      const n = params.length;
      const average = (before: (typeof updates)[number], now: typeof before, beta: number): typeof before =>
        b.op("Add", [b.op("Mul", [before, b.scalar(beta)]), b.op("Mul", [now, b.scalar(1 - beta)])]);
      const count = b.op("Add", [at(state, 0), b.scalar(1)]);
      const correction = (beta: number): typeof count =>
        b.op("Sub", [b.scalar(1), b.op("Pow", [b.scalar(beta), count])]);
      const mean = updates.map((g, i) => average(at(state, 1 + i), g, beta1));
      const variance = updates.map((g, i) => average(at(state, 1 + n + i), b.op("Mul", [g, g]), beta2));
      const first = correction(beta1);
      const second = b.op("Sqrt", [correction(beta2)]);
      const directions = mean.map((m, i) => {
        const root = b.op("Div", [b.op("Sqrt", [at(variance, i)]), second]);
        return b.op("Div", [b.op("Div", [m, first]), b.op("Add", [root, b.scalar(epsilon)])]);
      });
      return { updates: directions, state: [count, ...mean, ...variance] };
    },
  };
}

/** Adam with L2 weight decay (added to the gradient; 0 by default). */
export function adam({ decay = 0, decayAll = false, ...options }: AdamOptions = {}): Transform {
  return chain(addWeightDecay(decay, { all: decayAll }), scaleByAdam(options), scaleByRate);
}

/** Adam with decoupled weight decay, 0.01 by default (Loshchilov and Hutter 2019). */
export function adamw({ decay = 0.01, decayAll = false, ...options }: AdamOptions = {}): Transform {
  return chain(scaleByAdam(options), addWeightDecay(decay, { all: decayAll }), scaleByRate);
}
