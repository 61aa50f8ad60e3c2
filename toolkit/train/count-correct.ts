import type { TrainBatch } from "./batch.ts";
import { rankOf } from "./evaluate.ts";

/** Which columns of the logits, and of the targets, are classes. */
export interface ClassColumns {
  readonly start: number;
  readonly width: number;
}

/**
 * How many samples of a batch have the likeliest class of their logits [N,K] as their label, or as one of their labels. Where `columns` is given, only these
 * are classes, and the targets say which hold.
 */
export function countCorrect(
  logits: Float32Array,
  batch: TrainBatch,
  outputs: number,
  columns: ClassColumns = { start: 0, width: outputs },
): number {
  let correct = 0;
  for (let i = 0; i < batch.count; i++) {
    const start = i * outputs + columns.start;
    const row = logits.subarray(start, start + columns.width);
    const own = labelsOf(batch, i, start, columns.width);
    if (own.some((label) => rankOf(row, label) === 0)) correct++;
  }
  return correct;
}

/** The classes of a row. Where classes are mixed, the one it was mixed into. */
function labelsOf({ labels, targets }: TrainBatch, row: number, start: number, width: number): readonly number[] {
  const holds = targets?.subarray(start, start + width);
  const found = Array.from(holds?.keys() ?? []).filter((k) => holds?.[k] === 1);
  return found.length > 0 ? found : [labels[row] ?? 0];
}
