import { ToolkitError } from "../errors.ts";
import { at, chain, scalarSlot, slotsLike } from "./transform.ts";
import type { Transform } from "./transform.ts";
import { withDecay } from "./weight-decay.ts";
import type { DecayPlaceOptions } from "./weight-decay.ts";

export interface SgdOptions extends DecayPlaceOptions {
  /** Share of the velocity that is kept at each step; 0. */
  readonly momentum?: number;
  /** Share of the gradient that the momentum leaves out from the second step on; 0. */
  readonly dampening?: number;
  /** Look ahead along the velocity, in Nesterov's form; false. */
  readonly nesterov?: boolean;
}

/** Heavy-ball momentum as PyTorch writes it: v = momentum * v + g; the update is v, or g + momentum * v in Nesterov's form (Sutskever et al. 2013). */
export function trace(momentum: number, { nesterov = false }: { nesterov?: boolean } = {}): Transform {
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

/** Multiplies the gradient by 1 - dampening, except at the first step. */
function dampen(dampening: number): Transform {
  return {
    state: () => [scalarSlot("dampening")],
    apply({ b, updates, state }) {
      // the slot is 0 at the first step and `dampening` from then on
      const factor = b.op("Sub", [b.scalar(1), at(state, 0)]);
      // a node, not the constant itself: the next state is an output of its own
      const next = b.op("Max", [at(state, 0), b.scalar(dampening)]);
      return { updates: updates.map((g) => b.op("Mul", [g, factor])), state: [next] };
    },
  };
}

/**
 * Stochastic gradient descent: p -= rate * (momentum's v), exactly as torch.optim.SGD.
 * @throws E_SETTING for Nesterov's form without momentum or with dampening
 */
export function sgd({ momentum = 0, dampening = 0, nesterov = false, ...decay }: SgdOptions = {}): Transform {
  if (nesterov && (momentum <= 0 || dampening !== 0)) {
    throw new ToolkitError(
      "E_SETTING",
      `Cannot use Nesterov momentum with momentum ${momentum} and dampening ${dampening}: expected momentum above 0, no dampening`,
    );
  }
  if (momentum === 0) return withDecay(chain(), decay);
  const velocity = trace(momentum, { nesterov });
  return withDecay(dampening === 0 ? velocity : chain(dampen(dampening), velocity), decay);
}
