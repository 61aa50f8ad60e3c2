import { at, scalarSlot } from "./transform.ts";
import type { Slot, Transform } from "./transform.ts";

export interface AverageOptions {
  /** Keep less at first: min(decay, (1 + t) / (10 + t)) at update t from 1, as TensorFlow's ExponentialMovingAverage; false. */
  readonly warmUp?: boolean;
}

/** The slot that holds the average of a parameter. */
export function averageName(parameter: string): string {
  return `average/${parameter}`;
}

/**
 * `optimizer`, and beside it an exponential moving average of the weights it makes (Polyak and Juditsky 1992):
 * average = decay * average + (1 - decay) * parameter, from the weights the run starts with.
 */
export function averageWeights(
  optimizer: Transform,
  decay: number,
  { warmUp = false }: AverageOptions = {},
): Transform {
  return {
    state: (params) => [
      ...(warmUp ? [scalarSlot("average-count")] : []),
      ...params.map((p): Slot => ({ name: averageName(p.name), dtype: p.dtype, shape: p.shape, start: p.name })),
      ...optimizer.state(params),
    ],
    apply(x) {
      const { b, params, state } = x;
      const counts = warmUp ? [b.op("Add", [at(state, 0), b.scalar(1)])] : [];
      const averages = state.slice(counts.length, counts.length + params.length);
      const applied = optimizer.apply({ ...x, state: state.slice(counts.length + params.length) });
      const [count] = counts;
      const early = count && b.op("Div", [b.op("Add", [count, b.scalar(1)]), b.op("Add", [count, b.scalar(10)])]);
      const kept = early ? b.op("Min", [early, b.scalar(decay)]) : b.scalar(decay);
      const share = b.op("Sub", [b.scalar(1), kept]);
      const next = params.map((p, i) => {
        const parameter = b.op("Add", [p, at(applied.updates, i)]);
        return b.op("Add", [b.op("Mul", [at(averages, i), kept]), b.op("Mul", [parameter, share])]);
      });
      return { updates: applied.updates, state: [...counts, ...next, ...applied.state] };
    },
  };
}
