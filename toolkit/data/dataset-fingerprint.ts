import type { Dataset } from "./dataset.ts";
import { sha256 } from "./sha256.ts";

/** A digest of which photos are in which split under which labels, numbers and weights: the same wherever the data lie. */
export async function datasetFingerprint({
  classes,
  train,
  validation,
  columns,
  more: sets,
}: Pick<Dataset, "classes" | "train" | "validation" | "columns" | "more">): Promise<string> {
  const texts = [JSON.stringify(classes)];
  if (columns) texts.push(JSON.stringify(columns));
  if (sets) texts.push(JSON.stringify(sets));
  for (const [split, samples] of [train, validation].entries()) {
    for (const { id, label, labels, numbers, weight, more: others } of samples) {
      const more = labels || numbers || weight !== undefined ? [labels ?? null, numbers ?? null, weight ?? null] : [];
      texts.push(JSON.stringify([split, id, label, ...more, ...(others ? [others] : [])]));
    }
  }
  return sha256(new TextEncoder().encode(texts.join("")));
}
