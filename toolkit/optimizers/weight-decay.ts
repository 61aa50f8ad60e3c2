import type { Dim } from "../graph/ir.ts";
import { isVector } from "../graph/shape.ts";
import { chain, scaleByRate, stateless } from "./transform.ts";
import type { Transform } from "./transform.ts";

/** What every optimizer can be told about weight decay. */
export interface DecayOptions {
  /** Share of a parameter that is added to its update; 0 by default. */
  readonly decay?: number;
  /** Decay norms and biases (see `isNormOrBias`) too; false by default. */
  readonly decayAll?: boolean;
  /** Names of parameters that are left out whatever their shape; none by default. */
  readonly decayExclude?: readonly string[];
}

/** The same, for optimizers that offer both places. */
export interface DecayPlaceOptions extends DecayOptions {
  /** Add the decay behind the optimizer's own scaling (Loshchilov and Hutter 2019) instead of to the gradient (L2); false by default. */
  readonly decoupled?: boolean;
}

/**
 * Whether a parameter is a norm's scale, a bias or a single number, by its shape: at most one extent is other than 1, as exporters also write the
 * scale of a norm [C,1,1] or [1,C,1,1]. A matrix is none: [1,K] and [K,1] are taken for the weights of a dense layer with one output or one input.
 * A 1x1 convolution from or to a single channel ([C,1,1,1], [1,C,1,1]) cannot be told from a scale and counts as one.
 */
export function isNormOrBias(shape: readonly Dim[]): boolean {
  return shape.length !== 2 && isVector(shape);
}

/**
 * Adds `decay` times the parameter to its update: before the momentum this is L2 regularisation, behind it decoupled decay
 * (Loshchilov and Hutter 2019). Norms and biases (see `isNormOrBias`) are left out unless `decayAll` asks for them.
 */
export function addWeightDecay({ decay = 0, decayAll = false, decayExclude = [] }: DecayOptions): Transform {
  const excluded = new Set(decayExclude);
  return stateless(({ b, param, update }) =>
    decay === 0 || (!decayAll && isNormOrBias(param.shape)) || excluded.has(param.name)
      ? update
      : b.op("Add", [update, b.op("Mul", [param, b.scalar(decay)])]),
  );
}

/** A whole optimizer from the direction it takes: weight decay at its place, and the rate. */
export function withDecay(direction: Transform, options: DecayPlaceOptions): Transform {
  const decay = addWeightDecay(options);
  return options.decoupled ? chain(direction, decay, scaleByRate) : chain(decay, direction, scaleByRate);
}
