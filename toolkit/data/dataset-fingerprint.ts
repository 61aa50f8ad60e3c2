import type { Dataset } from "./dataset.ts";

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
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(texts.join("")));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
