import type { TensorData } from "../graph/tensor.ts";
import type { Tensors } from "../runtime/runtime.ts";

/** One batch as the step graph takes it. A partial one is padded with rows of weight 0. */
export interface TrainBatch {
  /** The graph's own inputs: `input` [N,3,H,W], or cached features. */
  readonly inputs: Tensors;
  /** [N]: class of each row; its first one where it has several. */
  readonly labels: Int32Array;
  /** [N,K]: what the loss compares each row with, where that is not its class alone: several labels, mixed classes, numbers. */
  readonly targets?: Float32Array;
  /** [N]: what each row counts. */
  readonly weight: Float32Array;
  /** Rows that are samples, before the padding. */
  readonly count: number;
  /** Position of each sample in its set; -1 for padding. */
  readonly indices: Int32Array;
  /** Samples of this epoch done with this batch: where a resumed run goes on. */
  readonly position: number;
}

/** One-hot rows [N,K] of class indices. */
export function oneHot(labels: Int32Array, classes: number): TensorData {
  const data = new Float32Array(labels.length * classes);
  for (const [i, label] of labels.entries()) data[i * classes + label] = 1;
  return { dtype: "float32", shape: [labels.length, classes], data };
}
