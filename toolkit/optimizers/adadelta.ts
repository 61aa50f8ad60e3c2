import { at, movingAverage, slotsLike } from "./transform.ts";
import type { Transform } from "./transform.ts";
import { withDecay } from "./weight-decay.ts";
import type { DecayOptions } from "./weight-decay.ts";

export interface AdadeltaOptions extends DecayOptions {
  /** Share of both averages that is kept at each step; 0.9. */
  readonly rho?: number;
  /** Added under both roots; 1e-6. */
  readonly epsilon?: number;
}

/** g times the root mean square of the updates so far over that of the gradients (Zeiler 2012, algorithm 1), as torch.optim.Adadelta. Its rate is 1. */
function scaleByAdadelta({ rho = 0.9, epsilon = 1e-6 }: AdadeltaOptions): Transform {
  return {
    state: (params) => [...slotsLike(params, "adadelta/square"), ...slotsLike(params, "adadelta/update")],
    apply({ b, params, updates, state }) {
      const n = params.length;
      const root = (v: (typeof updates)[number]): typeof v => b.op("Sqrt", [b.op("Add", [v, b.scalar(epsilon)])]);
      const square = updates.map((g, i) => movingAverage(b, at(state, i), b.op("Mul", [g, g]), rho));
      const directions = updates.map((g, i) =>
        b.op("Mul", [b.op("Div", [root(at(state, n + i)), root(at(square, i))]), g]),
      );
      const moved = directions.map((d, i) => movingAverage(b, at(state, n + i), b.op("Mul", [d, d]), rho));
      return { updates: directions, state: [...square, ...moved] };
    },
  };
}

/** Adadelta with L2 weight decay (0 by default), exactly as torch.optim.Adadelta. */
export function adadelta(options: AdadeltaOptions = {}): Transform {
  return withDecay(scaleByAdadelta(options), options);
}
