import { labelsIn } from "./heads.ts";
import type { Sample } from "./sample.ts";

/** A label that few photos have, or almost all, counts this many times as much at most, and as little at least. */
const MOST = 20;

/**
 * What a label that holds counts beside one that does not, for each class: photos without it over photos with it, as PyTorch's BCEWithLogitsLoss proposes for
 * `pos_weight`, held within 1/20 and 20, to four digits. A class without a photo has 1.
 */
export function positiveWeights(samples: readonly Sample[], classes: number, labelSet = 0): readonly number[] {
  const counts = Array.from({ length: classes }, () => 0);
  for (const k of samples.flatMap((sample) => [...new Set(labelsIn(sample, labelSet))])) {
    if (k in counts) counts[k] = (counts[k] ?? 0) + 1;
  }
  return counts.map((count) => {
    if (count === 0) return 1;
    const ratio = (samples.length - count) / count;
    return Number(Math.min(MOST, Math.max(1 / MOST, ratio)).toPrecision(4));
  });
}
