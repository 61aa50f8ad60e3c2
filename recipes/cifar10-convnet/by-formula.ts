/** A convolution or a pool, as far as sizes follow from it. */
export interface Window {
  readonly name: string;
  readonly kernel: number;
  readonly stride: number;
  readonly pad: number;
  /** Of a convolution; a pool has those that it reads. */
  readonly channels?: number;
}

/** A layer by the formulas: channels, side in pixels, weights, and the side of what one output sees. */
export interface LayerSize {
  readonly name: string;
  readonly channels: number;
  readonly sidePx: number;
  readonly weights: number;
  readonly seesPx: number;
}

/** The course's three convolutions, each with its pool. */
export const COURSE_WINDOWS: readonly Window[] = [32, 64, 64].flatMap((channels, i) => [
  { name: `conv${i + 1}`, kernel: 5, stride: 1, pad: 2, channels },
  { name: `pool${i + 1}`, kernel: 2, stride: 2, pad: 0 },
]);
/** Units of its two dense layers. */
export const COURSE_DENSE: readonly number[] = [1000, 10];

/**
 * Sizes of layers one behind the other: sides by floor((x + 2p - k) / s) + 1, weights by k * k * inputs * outputs, what an output sees by
 * (k - 1) * S + what the layer before sees, where S is the product of all strides before.
 */
export function sizesOf(windows: readonly Window[], picture: { channels: number; sidePx: number }): LayerSize[] {
  let { channels, sidePx } = picture;
  let [seesPx, strides] = [1, 1];
  return windows.map(({ name, kernel, stride, pad, channels: made }) => {
    const weights = made === undefined ? 0 : kernel * kernel * channels * made;
    sidePx = Math.floor((sidePx + 2 * pad - kernel) / stride) + 1;
    seesPx += (kernel - 1) * strides;
    strides *= stride;
    channels = made ?? channels;
    return { name, channels, sidePx, weights, seesPx };
  });
}

/** Weights of dense layers one behind the other, without biases. */
export function denseWeights(inputs: number, units: readonly number[]): readonly number[] {
  return units.map((width, i) => (units[i - 1] ?? inputs) * width);
}
