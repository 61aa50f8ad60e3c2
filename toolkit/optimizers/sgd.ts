import { addWeightDecay } from "./weight-decay.ts";
import { at, chain, scaleByRate, slotsLike } from "./transform.ts";
import type { Transform } from "./transform.ts";

export interface SgdOptions {
  readonly momentum?: number;
  readonly nesterov?: boolean;
  /** L2 weight decay, added to the gradient. */
  readonly decay?: number;
  /** Decay norms and biases too. */
  readonly decayAll?: boolean;
}

/** Heavy-ball momentum as PyTorch writes it: v = momentum * v + g; the update is v, or g + momentum * v in Nesterov's form. */
function trace(momentum: number, nesterov = false): Transform {
  return {
    state: (params) => slotsLike(params, "momentum"),
    apply({ b, updates, state }) {
      const kept = b.scalar(momentum);
      const velocity = updates.map((g, i) => b.op("Add", [b.op("Mul", [at(state, i), kept]), g]));
      if (!nesterov) return { updates: velocity, state: velocity };
      return {
        updates: updates.map((g, i) => b.op("Add", [g, b.op("Mul", [at(velocity, i), kept])])),
        state: velocity,
      };
    },
  };
}

/** Stochastic gradient descent: p -= rate * (momentum's v). */
export function sgd({ momentum = 0, nesterov = false, decay = 0, decayAll = false }: SgdOptions = {}): Transform {
  const stages = [addWeightDecay(decay, { all: decayAll })];
  if (momentum !== 0) stages.push(trace(momentum, nesterov));
  return chain(...stages, scaleByRate);
}
