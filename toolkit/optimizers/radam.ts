import type { GraphBuilder } from "../graph/builder.ts";
import type { Value } from "../graph/ir.ts";
import type { MomentOptions } from "./adam.ts";
import { at, biasCorrection, movingAverage, scalarSlot, slotsLike } from "./transform.ts";
import type { Transform } from "./transform.ts";
import { withDecay } from "./weight-decay.ts";
import type { DecayPlaceOptions } from "./weight-decay.ts";

export interface RadamOptions extends MomentOptions, DecayPlaceOptions {}

/** From this length of the second moment's average on, its variance is known well enough to divide by it. */
const RECTIFIED_FROM = 5;

/**
 * Rectified Adam (Liu et al. 2020, algorithm 2), as torch.optim.RAdam: plain momentum until the second moment is known well enough, then Adam's
 * direction times r = sqrt((rho - 4)(rho - 2) rho_inf / ((rho_inf - 4)(rho_inf - 2) rho)).
 *
 * The paper's rho = rho_inf - 2 t beta2^t / (1 - beta2^t) loses all its digits in float32. It equals 2 T / S - 1 with S = sum of beta2^m and
 * T = sum of (m + 1) beta2^m over m < t; both are kept as state, S' = 1 + beta2 S and T' = S' + beta2 T.
 */
function scaleByRadam({ beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 }: RadamOptions): Transform {
  return {
    state: (params) => [
      scalarSlot("radam/count"),
      scalarSlot("radam/sum"),
      scalarSlot("radam/weighted"),
      ...slotsLike(params, "radam/mean"),
      ...slotsLike(params, "radam/variance"),
    ],
    apply({ b, params, updates, state }) {
      const n = params.length;
      const count = b.op("Add", [at(state, 0), b.scalar(1)]);
      const sum = b.op("Add", [b.op("Mul", [at(state, 1), b.scalar(beta2)]), b.scalar(1)]);
      const weighted = b.op("Add", [b.op("Mul", [at(state, 2), b.scalar(beta2)]), sum]);
      const length = b.op("Sub", [b.op("Div", [b.op("Mul", [weighted, b.scalar(2)]), sum]), b.scalar(1)]);
      const isKnown = b.op("Greater", [length, b.scalar(RECTIFIED_FROM)]);
      // 1 - beta2^t
      const second = b.op("Sqrt", [b.op("Mul", [sum, b.scalar(1 - beta2)])]);
      const factor = b.op("Mul", [rectification(b, length, beta2), second]);
      const first = biasCorrection(b, beta1, count);
      const mean = updates.map((g, i) => movingAverage(b, at(state, 3 + i), g, beta1));
      const variance = updates.map((g, i) => movingAverage(b, at(state, 3 + n + i), b.op("Mul", [g, g]), beta2));
      const directions = mean.map((m, i) => {
        const corrected = b.op("Div", [m, first]);
        const root = b.op("Add", [b.op("Sqrt", [at(variance, i)]), b.scalar(epsilon)]);
        return b.op("Where", [isKnown, b.op("Div", [b.op("Mul", [corrected, factor]), root]), corrected]);
      });
      return { updates: directions, state: [count, sum, weighted, ...mean, ...variance] };
    },
  };
}

function rectification(b: GraphBuilder, length: Value, beta2: number): Value {
  const most = 2 / (1 - beta2) - 1;
  // a beta2 so small that the length never gets there: the factor is not used
  if (most <= RECTIFIED_FROM) return b.scalar(1);
  // below it the factor is not used, but a root of a negative number is nothing to have in a graph
  const rho = b.op("Max", [length, b.scalar(RECTIFIED_FROM)]);
  const product = b.op("Mul", [b.op("Sub", [rho, b.scalar(4)]), b.op("Sub", [rho, b.scalar(2)])]);
  return b.op("Sqrt", [b.op("Mul", [b.op("Div", [product, rho]), b.scalar(most / ((most - 4) * (most - 2)))])]);
}

/** RAdam with L2 or decoupled weight decay (0 by default), exactly as torch.optim.RAdam. */
export function radam(options: RadamOptions = {}): Transform {
  return withDecay(scaleByRadam(options), options);
}
