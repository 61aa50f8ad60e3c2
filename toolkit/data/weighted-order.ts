import { ToolkitError } from "../errors.ts";
import { hash } from "../graph/random.ts";

/** Keeps these draws apart from those of a shuffle. */
const DRAWS = 7;

/**
 * Which samples an epoch visits where they are drawn with replacement: `count` indices, each with a probability in proportion to its weight.
 * A draw follows from seed, epoch and place alone, so that a run resumed at a position goes on with the same ones.
 * @throws E_SETTING where no weight is above 0
 */
export function weightedOrder(weights: readonly number[], count: number, seed: number, epoch: number): Int32Array {
  const ends = new Float64Array(weights.length);
  let total = 0;
  for (const [i, weight] of weights.entries()) ends[i] = total += weight;
  if (!(total > 0)) {
    throw new ToolkitError("E_SETTING", `Cannot draw photos by weight: none of ${weights.length} weights is above 0`);
  }
  return Int32Array.from({ length: count }, (_, place) => {
    const drawn = (hash(seed, epoch, place, DRAWS) / 0x1_0000_0000) * total;
    return firstAbove(ends, drawn);
  });
}

/** The first index whose entry is larger; `ends` never fall. */
function firstAbove(ends: Float64Array, value: number): number {
  let [low, high] = [0, ends.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ends[middle] ?? 0) > value) high = middle;
    else low = middle + 1;
  }
  return low;
}
