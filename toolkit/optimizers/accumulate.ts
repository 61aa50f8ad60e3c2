import { at, scalarSlot, slotsLike } from "./transform.ts";
import type { Transform } from "./transform.ts";

/**
 * Applies `optimizer` at every `every`-th step, to the mean gradient of the steps since, each counting by its divisor: k batches give what one batch of
 * all their samples gives. At the other steps neither the parameters nor the optimizer's slots change.
 *
 * The rate is read at the step that applies; see `perUpdate` for a schedule that counts updates.
 */
export function accumulate(optimizer: Transform, every: number): Transform {
  if (every === 1) return optimizer;
  return {
    state: (params) => [
      scalarSlot("accumulate/count"),
      scalarSlot("accumulate/divisor"),
      ...slotsLike(params, "accumulate/gradient"),
      ...optimizer.state(params),
    ],
    apply(x) {
      const { b, updates, state } = x;
      const inner = state.slice(2 + updates.length);
      const count = b.op("Add", [at(state, 0), b.scalar(1)]);
      const divisor = b.op("Add", [at(state, 1), x.divisor]);
      const sums = updates.map((g, i) => b.op("Add", [at(state, 2 + i), b.op("Mul", [g, x.divisor])]));
      const means = sums.map((sum) => b.op("Div", [sum, divisor]));
      const applied = optimizer.apply({ ...x, updates: means, state: inner, divisor });
      // Where, not a product with 0 or 1: what is not chosen may hold anything
      const isFull = b.op("GreaterOrEqual", [count, b.scalar(every)]);
      const zero = b.scalar(0);
      return {
        updates: applied.updates.map((u) => b.op("Where", [isFull, u, zero])),
        state: [
          ...[count, divisor, ...sums].map((v) => b.op("Where", [isFull, zero, v])),
          ...applied.state.map((v, i) => b.op("Where", [isFull, v, at(inner, i)])),
        ],
      };
    },
  };
}
