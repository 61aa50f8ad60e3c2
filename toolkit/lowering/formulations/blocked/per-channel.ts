import type { GraphBuilder } from "../../../graph/builder.ts";
import type { Value } from "../../../graph/ir.ts";
import { float32 } from "../../../graph/tensor.ts";
import { blockedOp, view } from "./blocked-op.ts";

/** A tap of weight 1 for each channel. */
export function onesFilter(b: GraphBuilder, channels: number): Value {
  return b.constant(float32([channels, 1, 1, 1], new Float32Array(channels).fill(1)));
}

/**
 * x * scale + shift + sum for each channel of a blocked picture, where all but x may be left out; scale and shift are [C]. One convolution of a tap a channel
 * does it in one pass, where broadcasting over blocks would take several.
 */
export function scaleChannels(
  b: GraphBuilder,
  x: Value,
  { scale, shift, sum }: { scale?: Value; shift?: Value; sum?: Value },
): Value {
  const channels = Number(x.shape[1]);
  const filter = scale ? view(b, scale, [channels, 1, 1, 1]) : onesFilter(b, channels);
  const inputs = [x, filter, shift, sum];
  while (inputs.at(-1) === undefined) inputs.pop();
  return blockedOp(b, "Conv", inputs, { kernel_shape: [1, 1], group: channels });
}

/**
 * The mean of x * y for each channel [C] of two blocked pictures: a convolution whose channels are all images' channels and whose filter is all of y, so that
 * the products are never written.
 */
export function channelProductMeans(b: GraphBuilder, x: Value, y: Value): Value {
  const [batch = 1, channels = 1, height = 1, width = 1] = x.shape.map(Number);
  const group = batch * channels;
  const picture = view(b, x, [1, group, height, width]);
  const filter = view(b, y, [group, 1, height, width]);
  const products = blockedOp(b, "Conv", [picture, filter], { kernel_shape: [height, width], group });
  const sums = b.op("ReduceSum", [view(b, products, [batch, channels]), b.ints([0])], { keepdims: 0 });
  return b.op("Mul", [sums, b.scalar(1 / (batch * height * width))]);
}

/** The mean of each channel [C] of a blocked picture, over images and pixels. */
export function channelMeans(b: GraphBuilder, x: Value): Value {
  const [batch, channels] = x.shape.map(Number);
  const means = view(b, blockedOp(b, "GlobalAveragePool", [x]), [batch ?? 1, channels ?? 1]);
  return b.op("ReduceMean", [means], { axes: [0], keepdims: 0 });
}
