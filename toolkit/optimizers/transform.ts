import type { GraphBuilder } from "../graph/builder.ts";
import type { TensorType, Value } from "../graph/ir.ts";

/** One tensor that an optimizer keeps between steps. Names are unique within an optimizer. */
export interface Slot extends TensorType {
  readonly name: string;
  /** What it starts as: a number in every element, or the name of the parameter whose value it copies; zeros where absent. */
  readonly start?: number | string;
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
  /** What the loss of this batch was divided by, a scalar: how much the batch counts among others. */
  readonly divisor: Value;
  /** The axis of a parameter, by its name, that counts units (output channels, rows of a dense layer); 0 where absent. */
  readonly unitAxes?: ReadonlyMap<string, number>;
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
  update: (x: { b: GraphBuilder; param: Value; update: Value; rate: Value; unitAxis: number }) => Value,
): Transform {
  return {
    state: () => [],
    apply: ({ b, params, updates, rates, unitAxes }) => ({
      updates: updates.map((u, i) => {
        const param = at(params, i);
        return update({ b, param, update: u, rate: at(rates, i), unitAxis: unitAxes?.get(param.name) ?? 0 });
      }),
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

/** A slot shaped like each parameter; zeros at first, or `start` in every element. */
export function slotsLike(params: readonly Value[], name: string, start = 0): readonly Slot[] {
  return params.map((p) => ({ name: `${name}/${p.name}`, dtype: p.dtype, shape: p.shape, start }));
}

/** A slot that holds one number. */
export function scalarSlot(name: string, start = 0): Slot {
  return { name, dtype: "float32", shape: [], start };
}

/** `keep` times what there was, plus 1 - `keep` times what came: an exponential moving average. */
export function movingAverage(b: GraphBuilder, before: Value, now: Value, keep: number): Value {
  return b.op("Add", [b.op("Mul", [before, b.scalar(keep)]), b.op("Mul", [now, b.scalar(1 - keep)])]);
}

/** 1 - beta^count: what the average of `count` values that began at zero is divided by (Kingma and Ba 2015, section 3). */
export function biasCorrection(b: GraphBuilder, beta: number, count: Value): Value {
  return b.op("Sub", [b.scalar(1), b.op("Pow", [b.scalar(beta), count])]);
}

/** Multiplies each update by minus its parameter's learning rate: the last stage of every optimizer. */
export const scaleByRate: Transform = stateless(({ b, update, rate }) => b.op("Mul", [update, b.op("Neg", [rate])]));

/** An element that is known to be there: the lists of one update are parallel. */
export function at<T>(list: readonly T[], i: number): T {
  const item = list[i];
  if (item === undefined) throw new RangeError(`Cannot read element ${i} of ${list.length}`);
  return item;
}
