import type { TensorData } from "../../graph/tensor.ts";
import { sizeOf } from "../../graph/tensor.ts";
import type { Range } from "./range.ts";

/** How a float is written as an integer q: (q - zeroPoint) * scale. */
export interface Affine {
  readonly scale: number;
  readonly zeroPoint: number;
}

/** The scale and zero point that spread uint8 over a range; 0 is one of the steps, as padding needs it (ONNX, QuantizeLinear). */
export function uint8Over({ low, high }: Range): Affine {
  const scale = Math.fround((high - low) / 255);
  // also where the range is so short that the scale is no normal float32
  if (!(scale >= SMALLEST_SCALE)) return { scale: 1, zeroPoint: 0 };
  return { scale, zeroPoint: Math.min(255, Math.max(0, Math.round(-low / scale))) };
}

/** Scales of an activation and a weight are multiplied, and the product must be a float32. */
const SMALLEST_SCALE = 2 ** -60;

/** Biases are int32 in units of the activation's scale times the weight's: those scales are kept large enough for this much. */
const BIAS_LIMIT = 2 ** 30;

export interface WeightOptions {
  /** 8, or 7 for processors whose 8-bit multiplication adds pairs in 16 bits, which two full products overflow (AVX2 without VNNI). */
  readonly bits: 7 | 8;
  /** What 0 is written as. */
  readonly zeroPoint: number;
}

/** The integers a weight is rounded to, and one scale for each index of `axis`. */
export interface Int8Weight {
  readonly integers: TensorData;
  readonly scales: Float32Array;
}

/**
 * Rounds a weight to int8, symmetric around the zero point, with a scale for each output channel. `biasUnits` is, for each channel, the largest
 * |bias| / scale of the activation that goes with it.
 */
export function int8Weight(
  weight: TensorData,
  axis: number,
  biasUnits: Float64Array,
  { bits, zeroPoint }: WeightOptions,
): Int8Weight {
  const channels = weight.shape[axis] ?? 1;
  const inner = sizeOf(weight.shape.slice(axis + 1));
  const channelOf = (i: number): number => Math.floor(i / inner) % channels;
  const limit = 2 ** (bits - 1) - 1;
  const largest = new Float64Array(channels);
  const elements = weight.data as Float32Array;
  for (let i = 0; i < elements.length; i++) {
    const c = channelOf(i);
    largest[c] = Math.max(largest[c] ?? 0, Math.abs(elements[i] ?? 0));
  }
  const scales = Float32Array.from(largest, (size, c) => {
    // the far side of the zero point has fewer steps
    const scale = Math.max(size / (limit - zeroPoint), (biasUnits[c] ?? 0) / BIAS_LIMIT);
    return scale >= SMALLEST_SCALE ? scale : 1;
  });
  const data = new Int8Array(elements.length);
  for (let i = 0; i < elements.length; i++) {
    const q = Math.round((elements[i] ?? 0) / (scales[channelOf(i)] ?? 1)) + zeroPoint;
    data[i] = Math.min(limit, Math.max(-limit, q));
  }
  return { integers: { dtype: "int8", shape: weight.shape, data }, scales };
}

export interface LayerOutput {
  readonly weight: TensorData;
  readonly rounded: Int8Weight;
  readonly axis: number;
  readonly zeroPoint: number;
  readonly groups: number;
  /** The mean of every channel that the layer reads. */
  readonly means: Float64Array;
}

/**
 * What rounding a weight adds to the mean of each output channel: the sum of its errors times the means of what they are multiplied with (Nagel et
 * al., arXiv:1906.04721, section 4.2; padding is not counted).
 */
export function meanError({ weight, rounded, axis, zeroPoint, groups, means }: LayerOutput): Float64Array {
  const { shape, data } = weight;
  const outputs = shape[axis] ?? 1;
  // [O,I,...] where outputs come first, else [I,O]
  const inputs = shape[1 - axis] ?? 1;
  const inner = sizeOf(shape.slice(2));
  const error = new Float64Array(outputs);
  for (let i = 0; i < data.length; i++) {
    const place = Math.floor(i / inner);
    const [o, c] =
      axis === 0 ? [Math.floor(place / inputs), place % inputs] : [place % outputs, Math.floor(place / outputs)];
    const group = Math.floor((o * groups) / outputs);
    const value = (Number(rounded.integers.data[i]) - zeroPoint) * (rounded.scales[o] ?? 1);
    error[o] = (error[o] ?? 0) + (value - Number(data[i])) * (means[group * inputs + c] ?? 0);
  }
  return error;
}

/** Rounds a bias, less what rounding the weight added to each channel, to int32 in units of its scales. */
export function int32Bias(bias: TensorData, added: Float64Array, scales: Float32Array): TensorData {
  const data = Int32Array.from(bias.data as Float32Array, (v, c) =>
    Math.round((v - (added[c] ?? 0)) / (scales[c] ?? 1)),
  );
  return { dtype: "int32", shape: [data.length], data };
}
