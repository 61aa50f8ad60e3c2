import { sizeOf } from "../graph/tensor.ts";
import type { TrainBatch } from "../train/batch.ts";
import type { Activations } from "./activations.ts";

export interface ActivationBatchOptions {
  /** The graph input that takes the rows. */
  readonly input: string;
  /** Rows of every batch, the last one included. */
  readonly size: number;
  /** Indices of the samples. */
  readonly order: readonly number[];
  /** How many of these were seen. */
  readonly position: number;
  readonly view: number;
}

/** Batches of one view of some samples. Rows from `count` on repeat the first ones, so that batch statistics see real activations. */
export async function* activationBatches(
  activations: Activations,
  { input, size, order, position, view }: ActivationBatchOptions,
): AsyncGenerator<TrainBatch> {
  const { shape, samples } = activations;
  const width = sizeOf(shape);
  for (let start = position; start < order.length; start += size) {
    const chosen = order.slice(start, start + size);
    const data = new Float32Array(size * width);
    const labels = new Int32Array(size);
    const found = await Promise.all(chosen.map((i) => activations.row(view, i)));
    for (let row = 0; row < size; row++) {
      const from = row % chosen.length;
      data.set(found[from] ?? [], row * width);
      labels[row] = samples[chosen[from] ?? 0]?.label ?? 0;
    }
    yield {
      inputs: new Map([[input, { dtype: "float32", shape: [size, ...shape], data }]]),
      labels,
      weight: new Float32Array(size).fill(1, 0, chosen.length),
      count: chosen.length,
      indices: Int32Array.from({ length: size }, (_, row) => chosen[row] ?? -1),
      position: start + chosen.length,
    };
  }
}
