import { at, scalarSlot, slotsLike } from "./transform.ts";
import type { Transform } from "./transform.ts";
import { withDecay } from "./weight-decay.ts";
import type { DecayOptions } from "./weight-decay.ts";

export interface AdagradOptions extends DecayOptions {
  /** The rate at step t (from 0) is divided by 1 + t * rateDecay; 0. */
  readonly rateDecay?: number;
  /** What the sum of squares starts as; 0. */
  readonly accumulator?: number;
  /** Added to the root that is divided by; 1e-10. */
  readonly epsilon?: number;
}

/** g over the root of the sum of all g^2 so far (Duchi et al. 2011, section 1.3), as torch.optim.Adagrad. */
function scaleByAdagrad({ rateDecay = 0, accumulator = 0, epsilon = 1e-10 }: AdagradOptions): Transform {
  return {
    state: (params) => [scalarSlot("adagrad/count"), ...slotsLike(params, "adagrad/sum", accumulator)],
    apply({ b, updates, state }) {
      const count = b.op("Add", [at(state, 0), b.scalar(1)]);
      const slowing = b.op("Add", [b.op("Mul", [at(state, 0), b.scalar(rateDecay)]), b.scalar(1)]);
      const sums = updates.map((g, i) => b.op("Add", [at(state, 1 + i), b.op("Mul", [g, g])]));
      const directions = updates.map((g, i) => {
        const root = b.op("Add", [b.op("Sqrt", [at(sums, i)]), b.scalar(epsilon)]);
        return b.op("Div", [b.op("Div", [g, slowing]), root]);
      });
      return { updates: directions, state: [count, ...sums] };
    },
  };
}

/** Adagrad with L2 weight decay (0 by default), exactly as torch.optim.Adagrad. */
export function adagrad(options: AdagradOptions = {}): Transform {
  return withDecay(scaleByAdagrad(options), options);
}
