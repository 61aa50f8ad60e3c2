import type { GraphBuilder } from "../graph/builder.ts";
import type { TensorType, Value } from "../graph/ir.ts";

/** One tensor that an optimizer keeps between steps; it starts as zeros. */
export interface Slot extends TensorType {
  readonly name: string;
}

export interface UpdateInput {
  readonly b: GraphBuilder;
  readonly params: readonly Value[];
  /** What comes in per parameter: the gradient, or what the transform before made of it. */
  readonly updates: readonly Value[];
  /** The values of the slots, in the order of `state`. */
  readonly state: readonly Value[];
  /** The learning rate per parameter, a scalar each. */
  readonly rates: readonly Value[];
}

export interface Update {
  readonly updates: readonly Value[];
  readonly state: readonly Value[];
}

/**
 * A stage of an optimizer, after optax: it turns updates into updates and keeps state. All parameters come at once, so that a global norm can be taken.
 * What leaves the last stage is added to the parameters.
 */
export interface Transform {
  readonly state: (params: readonly Value[]) => readonly Slot[];
  readonly apply: (x: UpdateInput) => Update;
}

/** A stage without state that works parameter by parameter. */
export function stateless(
  update: (x: { b: GraphBuilder; param: Value; update: Value; rate: Value }) => Value,
): Transform {
  return {
    state: () => [],
    apply: ({ b, params, updates, rates }) => ({
      updates: updates.map((u, i) => update({ b, param: at(params, i), update: u, rate: at(rates, i) })),
      state: [],
    }),
  };
}

/** Stages one after the other; each sees only its own slots. */
export function chain(...stages: readonly Transform[]): Transform {
  return {
    state: (params) => stages.flatMap((stage) => stage.state(params)),
    apply(x) {
      let updates = x.updates;
      let offset = 0;
      const state: Value[] = [];
      for (const stage of stages) {
        const count = stage.state(x.params).length;
        const out = stage.apply({ ...x, updates, state: x.state.slice(offset, offset + count) });
        offset += count;
        updates = out.updates;
        state.push(...out.state);
      }
      return { updates, state };
    },
  };
}

/** A slot shaped like each parameter. */
export function slotsLike(params: readonly Value[], name: string): readonly Slot[] {
  return params.map((p) => ({ name: `${name}/${p.name}`, dtype: p.dtype, shape: p.shape }));
}

/** Multiplies each update by minus its parameter's learning rate: the last stage of every optimizer. */
export const scaleByRate: Transform = stateless(({ b, update, rate }) => b.op("Mul", [update, b.op("Neg", [rate])]));

/** An element that is known to be there: the lists of one update are parallel. */
export function at<T>(list: readonly T[], i: number): T {
  const item = list[i];
  if (item === undefined) throw new RangeError(`Cannot read element ${i} of ${list.length}`);
  return item;
}
