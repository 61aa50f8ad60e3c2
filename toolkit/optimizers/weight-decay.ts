import { stateless } from "./transform.ts";
import type { Transform } from "./transform.ts";

/**
 * Adds `decay` times the parameter to its update: before the momentum this is L2 regularisation, after it decoupled decay
 * (Loshchilov and Hutter 2019). Parameters of rank 1 (norms and biases) are left out unless `all` asks for them.
 */
export function addWeightDecay(decay: number, { all = false }: { all?: boolean } = {}): Transform {
  return stateless(({ b, param, update }) =>
    decay === 0 || (!all && param.shape.length <= 1)
      ? update
      : b.op("Add", [update, b.op("Mul", [param, b.scalar(decay)])]),
  );
}
