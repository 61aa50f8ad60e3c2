import { sizeOf } from "../graph/tensor.ts";
import { type Targets, targetRows } from "../data/targets.ts";
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
  /** What each sample counts in the loss, by its index; 1 where absent. */
  readonly weights?: readonly number[] | undefined;
  /** What samples are compared with, where that is not one class each. */
  readonly targets?: Targets | undefined;
}

/** Batches of one view of some samples. Rows from `count` on repeat the first ones, so that batch statistics see real activations. */
export async function* activationBatches(
  activations: Activations,
  { input, size, order, position, view, targets, weights }: ActivationBatchOptions,
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
    const seen = Array.from(labels, (_, row) => samples[chosen[row % chosen.length] ?? -1]);
    yield {
      inputs: new Map([[input, { dtype: "float32", shape: [size, ...shape], data }]]),
      labels,
      ...(targets ? { targets: targetRows(seen, targets) } : {}),
      weight: Float32Array.from({ length: size }, (_, row) =>
        row < chosen.length ? (weights?.[chosen[row] ?? -1] ?? 1) : 0,
      ),
      count: chosen.length,
      indices: Int32Array.from({ length: size }, (_, row) => chosen[row] ?? -1),
      position: start + chosen.length,
    };
  }
}
