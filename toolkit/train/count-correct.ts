import type { TrainBatch } from "./batch.ts";
import { rankOf } from "./evaluate.ts";

/** How many samples of a batch have the likeliest class of their logits [N,K] as their label, or as one of their labels. */
export function countCorrect(logits: Float32Array, batch: TrainBatch, classes: number): number {
  let correct = 0;
  for (let i = 0; i < batch.count; i++) {
    const row = logits.subarray(i * classes, (i + 1) * classes);
    const own = labelsOf(batch, i, classes);
    if (own.some((label) => rankOf(row, label) === 0)) correct++;
  }
  return correct;
}

/** The classes of a row. Where classes are mixed, the one it was mixed into. */
function labelsOf({ labels, targets }: TrainBatch, row: number, classes: number): readonly number[] {
  const holds = targets?.subarray(row * classes, (row + 1) * classes);
  const found = Array.from(holds?.keys() ?? []).filter((k) => holds?.[k] === 1);
  return found.length > 0 ? found : [labels[row] ?? 0];
}
