import { float32, scalar } from "../graph/tensor.ts";
import type { Tensors } from "../runtime/runtime.ts";
import { oneHot } from "./batch.ts";
import type { TrainBatch } from "./batch.ts";
import { STEP } from "./step.ts";

/** What the loss of a step graph reads of a batch: `target` [N,K], `weight` [N], and the sum of the weights as `divisor` []. */
export function lossFeeds(
  { labels, targets, weight }: Pick<TrainBatch, "labels" | "targets" | "weight">,
  classes: number,
): Tensors {
  const total = weight.reduce((sum, w) => sum + w, 0);
  return new Map([
    [STEP.target, targets ? float32([labels.length, classes], targets) : oneHot(labels, classes)],
    [STEP.weight, float32([weight.length], weight)],
    [STEP.divisor, scalar(Math.max(1e-12, total))],
  ]);
}
