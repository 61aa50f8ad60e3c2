import type { EmbeddingRow, Store } from "./store.ts";
import { compareId } from "./store.ts";

const PAGE = 1000;

/**
 * The photos whose features point most nearly where these do, by cosine from 1 to -1, best first and then by image id. Looks at
 * every photo of the same model: features of two models cannot be compared.
 */
export async function nearestFeatures(
  store: Store,
  target: EmbeddingRow,
  limit: number,
): Promise<readonly { readonly imageId: bigint; readonly score: number }[]> {
  let best: { imageId: bigint; score: number }[] = [];
  // image ids are 0 or more
  let after = -1n;
  for (;;) {
    const page = await store.embeddings(target.modelId, after, PAGE);
    for (const { imageId, features } of page) {
      if (imageId !== target.imageId) best.push({ imageId, score: cosine(target.features, features) });
    }
    best.sort((a, b) => b.score - a.score || compareId(a.imageId, b.imageId));
    best = best.slice(0, limit);
    const last = page.at(-1);
    if (!last || page.length < PAGE) return best;
    after = last.imageId;
  }
}

/** Cosine of the angle between two vectors [F]; 0 where one has no length, or where they differ in size. */
function cosine(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) return 0;
  let dot = 0;
  let squareA = 0;
  let squareB = 0;
  for (let i = 0; i < a.length; i++) {
    const x = a[i] ?? 0;
    const y = b[i] ?? 0;
    dot += x * y;
    squareA += x * x;
    squareB += y * y;
  }
  return squareA === 0 || squareB === 0 ? 0 : dot / Math.sqrt(squareA * squareB);
}
