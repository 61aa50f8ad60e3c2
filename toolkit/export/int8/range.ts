import type { Histogram } from "./histogram.ts";

/** From where to where 8 bits reach; 0 lies within. */
export interface Range {
  readonly low: number;
  readonly high: number;
}

/** Steps of an 8-bit integer. */
const STEPS = 255;

/** How finely the search goes through each end, in parts of it. */
const PARTS = 64;

/**
 * The range with the least mean squared error of rounding and clipping together, step^2 / 12 for what lies within and the squared distance to the
 * nearer end for what lies outside (Banner et al., arXiv:1810.05723, section 3, with the histogram in place of a density).
 */
export function leastErrorRange(histogram: Histogram): Range {
  const { min, max } = histogram;
  const bins = histogram.bins();
  const inside = bins.reduce((sum, { count }) => sum + count, 0);
  const lows = ends(min).map((low) => ({ end: low, lost: lostBeyond(bins, (x) => low - x) }));
  const highs = ends(max).map((high) => ({ end: high, lost: lostBeyond(bins, (x) => x - high) }));
  let best: Range = { low: min, high: max };
  let least = Infinity;
  for (const low of lows) {
    for (const high of highs) {
      const step = (high.end - low.end) / STEPS;
      const error = low.lost + high.lost + (inside * step * step) / 12;
      if (error < least) [least, best] = [error, { low: low.end, high: high.end }];
    }
  }
  return best;
}

/** The end itself, and parts of it down to a fourth. */
function ends(end: number): readonly number[] {
  if (end === 0) return [0];
  return Array.from({ length: (PARTS * 3) / 4 + 1 }, (_, i) => end * (1 - i / PARTS));
}

function lostBeyond(
  bins: readonly { readonly middle: number; readonly count: number }[],
  distance: (x: number) => number,
): number {
  return bins.reduce((sum, { middle, count }) => sum + count * Math.max(0, distance(middle)) ** 2, 0);
}
