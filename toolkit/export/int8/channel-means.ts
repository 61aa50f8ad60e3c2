import type { TensorData } from "../../graph/tensor.ts";
import { sizeOf } from "../../graph/tensor.ts";

/** The mean of every channel of a value over all that came in: along axis 1 for maps [N,C,H,W], along the last axis for rows. */
export class ChannelMeans {
  readonly #maps: boolean;
  #sums = new Float64Array(0);
  #count = 0;

  constructor(maps: boolean) {
    this.#maps = maps;
  }

  /** Adds the elements of one tensor. */
  add({ shape, data }: TensorData): void {
    const axis = this.#maps ? 1 : shape.length - 1;
    const channels = shape[axis] ?? 1;
    const inner = sizeOf(shape.slice(axis + 1));
    if (this.#sums.length === 0) this.#sums = new Float64Array(channels);
    for (let start = 0, c = 0; start < data.length; start += inner, c = (c + 1) % channels) {
      let sum = 0;
      for (let i = start; i < start + inner; i++) sum += Number(data[i]);
      this.#sums[c] = (this.#sums[c] ?? 0) + sum;
    }
    this.#count += data.length / channels;
  }

  values(): Float64Array {
    return this.#sums.map((sum) => sum / Math.max(1, this.#count));
  }
}
