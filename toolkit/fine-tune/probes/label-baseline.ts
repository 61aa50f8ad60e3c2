import type { Evaluation } from "../../train/evaluate.ts";

/** What a model comes to that never looks at a picture. */
export interface LabelBaseline {
  /** The class that is most frequent in training: always said. */
  readonly label: number;
  /** Share of the validation photos that it is right for. */
  readonly accuracy: number;
  /** Mean cross-entropy of the classes' frequencies in training (each counted once more, so that none is 0) on the validation photos. */
  readonly loss: number;
}

/** The best that can be said of validation labels from training labels alone. */
export function labelBaseline(train: readonly number[], validation: ArrayLike<number>, classes: number): LabelBaseline {
  const counts = Array.from({ length: classes }, () => 1);
  for (const label of train) counts[label] = (counts[label] ?? 0) + 1;
  const total = train.length + classes;
  const label = counts.indexOf(Math.max(...counts));
  const labels = Array.from(validation);
  const count = Math.max(1, labels.length);
  return {
    label,
    accuracy: labels.filter((own) => own === label).length / count,
    loss: labels.reduce((sum, own) => sum - Math.log((counts[own] ?? 1) / total), 0) / count,
  };
}

/** Whether a model has learnt anything from pictures: more right answers than the baseline, or a lower loss. */
export function beatsBaseline({ top1, loss }: Pick<Evaluation, "top1" | "loss">, baseline: LabelBaseline): boolean {
  return top1 > baseline.accuracy || loss < 0.95 * baseline.loss;
}
