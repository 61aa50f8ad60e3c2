import { ToolkitError } from "../../errors.ts";

/** Bins on each side of 0. */
const BINS = 2048;

/** How often a value of a graph took which sizes, in bins of equal width around 0 that grow with what comes in. */
export class Histogram {
  readonly #name: string;
  readonly #counts = new Float64Array(2 * BINS);
  #width = 0;
  #min = 0;
  #max = 0;

  /** `name` is the value's, for errors. */
  constructor(name: string) {
    this.#name = name;
  }

  /** The smallest element so far; 0 where all were larger. */
  get min(): number {
    return this.#min;
  }

  /** The largest element so far; 0 where all were smaller. */
  get max(): number {
    return this.#max;
  }

  /**
   * Counts some elements.
   * @throws E_MODEL_NONFINITE where one is no number or infinite
   */
  add(elements: Float32Array): void {
    let [min, max, sum] = [this.#min, this.#max, 0];
    for (const v of elements) {
      if (v < min) min = v;
      if (v > max) max = v;
      // NaN compares with nothing, but stays in a sum
      sum += v;
    }
    if (!Number.isFinite(sum)) {
      throw new ToolkitError(
        "E_MODEL_NONFINITE",
        `Cannot calibrate "${this.#name}": it takes values that are no number`,
      );
    }
    [this.#min, this.#max] = [min, max];
    this.#growTo(Math.max(-min, max));
    const scale = this.#width === 0 ? 0 : 1 / this.#width;
    for (const v of elements) {
      const bin = BINS + Math.floor(v * scale);
      this.#counts[bin] = (this.#counts[bin] ?? 0) + 1;
    }
  }

  /** The bins that are not empty: the middle of each and how many elements fell into it, from the smallest. */
  bins(): readonly { readonly middle: number; readonly count: number }[] {
    return Array.from(this.#counts, (count, i) => ({ middle: (i - BINS + 0.5) * this.#width, count })).filter(
      ({ count }) => count > 0,
    );
  }

  /** Makes bins wide enough for elements up to `bound` on either side, by joining two neighbours into one as often as it takes. */
  #growTo(bound: number): void {
    if (bound === 0) return;
    // a little wider, so that the largest element itself falls inside
    if (this.#width === 0) this.#width = (bound / BINS) * 1.001;
    while (bound >= this.#width * BINS) {
      const half = BINS / 2;
      const joined = Float64Array.from({ length: BINS }, (_, i) => {
        return (this.#counts[2 * i] ?? 0) + (this.#counts[2 * i + 1] ?? 0);
      });
      this.#counts.fill(0);
      this.#counts.set(joined, half);
      this.#width *= 2;
    }
  }
}
