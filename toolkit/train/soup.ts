import type { TensorData } from "../graph/tensor.ts";
import type { Tensors } from "../runtime/runtime.ts";

/** Weights, and how they scored. */
export interface Scored<E> {
  readonly weights: Tensors;
  readonly evaluation: E;
}

export interface Soup<E> extends Scored<E> {
  /** Which of the candidates are in it. */
  readonly members: readonly number[];
}

export interface SoupOptions<E> {
  readonly evaluate: (weights: Tensors) => Promise<E>;
  readonly isBetter: (a: E, b: E) => boolean;
}

/**
 * Greedy soup (Wortsman et al. 2022, algorithm 1): the mean of the best candidate and of each further one, in their order, that makes it no worse.
 * `candidates` stand best first; there is at least one.
 */
export async function greedySoup<E>(
  candidates: readonly Scored<E>[],
  { evaluate, isBetter }: SoupOptions<E>,
): Promise<Soup<E>> {
  const [first, ...others] = candidates;
  if (!first) throw new RangeError("no candidate");
  let soup: Soup<E> = { ...first, members: [0] };
  for (const i of others.keys()) {
    const members = [...soup.members, i + 1];
    const weights = meanOf(members.map((member) => candidates[member]?.weights ?? new Map<string, TensorData>()));
    const evaluation = await evaluate(weights);
    if (!isBetter(soup.evaluation, evaluation)) soup = { weights, evaluation, members };
  }
  return soup;
}

/** The mean of tensors of the same names, element by element; what is no float32 is the first one's. */
export function meanOf(list: readonly Tensors[]): Tensors {
  const [first = new Map<string, TensorData>()] = list;
  return new Map(
    [...first].map(([name, t]) => {
      if (t.dtype !== "float32") return [name, t];
      const sum = new Float64Array(t.data.length);
      for (const tensors of list) {
        const data = tensors.get(name)?.data as Float32Array;
        for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] ?? 0) + (data[i] ?? 0);
      }
      return [name, { ...t, data: new Float32Array(sum.map((v) => v / list.length)) }];
    }),
  );
}
