import type { TensorData } from "../graph/tensor.ts";
import type { Session } from "../runtime/runtime.ts";
import type { TrainBatch } from "./batch.ts";
import type { OutputHead, Task } from "../data/heads.ts";
import { scoreOutputs } from "./evaluate-heads.ts";
import type { SeveralLabels } from "./evaluate-labels.ts";
import type { NumberMetrics } from "./evaluate-numbers.ts";
import { rankOf, score, scoreSeveral } from "./score-labels.ts";

export { rankOf, score, scoreSeveral };

/** What a network says about labelled samples, in their order. */
export interface Evaluation {
  readonly count: number;
  /** Mean softmax cross-entropy; mean binary cross-entropy where samples may have several labels; mean squared error of standardised numbers; the sum of these over heads. */
  readonly loss: number;
  /** Share of samples whose likeliest class is their label, or one of their labels. */
  readonly top1: number;
  /** Share of samples of whose labels none is among the five likeliest classes. */
  readonly top5Error: number;
  /** 0 where only numbers are learnt: probabilities and labels are empty then. */
  readonly classes: number;
  /** Softmax of the logits, [count, classes]; their sigmoid where samples may have several labels. */
  readonly probabilities: Float32Array;
  /** The class of each; its first one where it has several. */
  readonly labels: Int32Array;
  /** Position of each sample in the set that was given. */
  readonly indices: Int32Array;
  /** Where samples may have several labels. */
  readonly several?: SeveralLabels;
  /** Where numbers are learnt, alone or beside labels. */
  readonly numbers?: NumberMetrics;
  /** Where there are several heads: each by itself. The rest is that of the first with labels, and the sum of their losses. */
  readonly heads?: readonly HeadEvaluation[];
}

/** How one of several heads does. */
export interface HeadEvaluation {
  readonly name: string;
  readonly task: Task;
  /** What its loss counts in the sum. */
  readonly weight: number;
  readonly evaluation: Evaluation;
}

/**
 * What one evaluation is better than another by: accuracy, the mean average precision where samples may have several labels, or R2 where numbers are learnt; of
 * several heads the mean.
 */
export function qualityOf({ top1, several, numbers, heads, classes }: Evaluation): number {
  if (heads) return heads.reduce((sum, { evaluation }) => sum + qualityOf(evaluation), 0) / heads.length;
  // numbers that are all the same have no variance that could be explained
  if (numbers && classes === 0) return numbers.r2 ?? -numbers.loss;
  return several?.meanAveragePrecision ?? top1;
}

/** Runs `program` of the session over the batches and scores its output `logits`, by `heads` where it has such. */
export async function evaluate(
  session: Session,
  batches: AsyncIterable<TrainBatch>,
  { program, logits = "logits", heads }: { program?: string; logits?: string; heads?: readonly OutputHead[] } = {},
): Promise<Evaluation> {
  const rows: Float32Array[] = [];
  const labels: number[] = [];
  const indices: number[] = [];
  const targets: Float32Array[] = [];
  let classes = 0;
  for await (const batch of batches) {
    const out = await session.run({
      feeds: batch.inputs,
      fetch: [logits],
      ...(program === undefined ? {} : { program }),
    });
    const t = out.get(logits) as TensorData;
    classes = t.shape[1] ?? 0;
    for (let i = 0; i < batch.count; i++) {
      rows.push((t.data as Float32Array).slice(i * classes, (i + 1) * classes));
      labels.push(batch.labels[i] ?? 0);
      indices.push(batch.indices[i] ?? 0);
      if (batch.targets) targets.push(batch.targets.subarray(i * classes, (i + 1) * classes));
    }
  }
  if (heads) return scoreOutputs(rows, targets, indices, heads);
  return targets.length > 0 ? scoreSeveral(rows, targets, labels, indices) : score(rows, labels, indices, classes);
}
