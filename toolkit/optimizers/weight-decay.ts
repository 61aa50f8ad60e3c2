import { chain, scaleByRate, stateless } from "./transform.ts";
import type { Transform } from "./transform.ts";

/** What every optimizer can be told about weight decay. */
export interface DecayOptions {
  /** Share of a parameter that is added to its update; 0 by default. */
  readonly decay?: number;
  /** Decay parameters of rank 0 and 1 (norms and biases) too. */
  readonly decayAll?: boolean;
  /** Names of parameters that are left out whatever their rank. */
  readonly decayExclude?: readonly string[];
}

/** The same, for optimizers that offer both places. */
export interface DecayPlaceOptions extends DecayOptions {
  /** Add the decay behind the optimizer's own scaling (Loshchilov and Hutter 2019) instead of to the gradient (L2). */
  readonly decoupled?: boolean;
}

/**
 * Adds `decay` times the parameter to its update: before the momentum this is L2 regularisation, behind it decoupled decay
 * (Loshchilov and Hutter 2019). Norms and biases (rank 0 and 1) are left out unless `decayAll` asks for them.
 */
export function addWeightDecay({ decay = 0, decayAll = false, decayExclude = [] }: DecayOptions): Transform {
  const excluded = new Set(decayExclude);
  return stateless(({ b, param, update }) =>
    decay === 0 || (!decayAll && param.shape.length <= 1) || excluded.has(param.name)
      ? update
      : b.op("Add", [update, b.op("Mul", [param, b.scalar(decay)])]),
  );
}

/** A whole optimizer from the direction it takes: weight decay at its place, and the rate. */
export function withDecay(direction: Transform, options: DecayPlaceOptions): Transform {
  const decay = addWeightDecay(options);
  return options.decoupled ? chain(direction, decay, scaleByRate) : chain(decay, direction, scaleByRate);
}
