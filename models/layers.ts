import type { GraphBuilder } from "../toolkit/graph/builder.ts";
import type { Value } from "../toolkit/graph/ir.ts";
import { hashText } from "../toolkit/graph/random.ts";
import { float32 } from "../toolkit/graph/tensor.ts";
import { initialWeights } from "./initial.ts";
import type { Initial } from "./initial.ts";

/** Where a layer is written. Weights come from streams named after them, so that they do not depend on each other. */
export interface LayerPlace {
  readonly b: GraphBuilder;
  readonly seed: number;
  readonly name: string;
}

export interface ConvShape {
  readonly channels: number;
  /** Odd, so that padding keeps the size. */
  readonly kernel: number;
  readonly stride?: number;
  readonly group?: number;
  /** Rows and columns of zeros on each side; (kernel - 1) / 2 where absent, which keeps the size. */
  readonly pad?: number;
  /** A bias for each channel, which starts as PyTorch's Conv2d starts it; none where absent. */
  readonly bias?: boolean;
  /** "he-normal-fan-out" where absent. */
  readonly initial?: Initial;
}

/** A convolution, [N,C,H,W] to [N,channels,H/stride,W/stride]. */
export function conv({ b, seed, name }: LayerPlace, x: Value, shape: ConvShape): Value {
  const { channels, kernel, stride = 1, group = 1, bias = false, initial = "he-normal-fan-out" } = shape;
  const inputs = Number(x.shape[1]) / group;
  const taps = kernel * kernel;
  // PyTorch's fan-out counts the channels of all groups together
  const fans = { fanIn: inputs * taps, fanOut: channels * taps, seed };
  const constant = (part: string, extents: readonly number[], kind: Initial): Value => {
    const path = `${name}.${part}`;
    const length = extents.reduce((product, extent) => product * extent, 1);
    const values = initialWeights(kind, length, { ...fans, stream: hashText(path) });
    return b.constant(float32(extents, values), path);
  };
  const weights = [
    constant("weight", [channels, inputs, kernel, kernel], initial),
    ...(bias ? [constant("bias", [channels], "pytorch")] : []),
  ];
  const { pad = (kernel - 1) / 2 } = shape;
  const attrs = { kernel_shape: [kernel, kernel], strides: [stride, stride], pads: [pad, pad, pad, pad] };
  return b.op("Conv", [x, ...weights], group === 1 ? attrs : { ...attrs, group }, { name, outputs: [`${name}.out`] });
}

/** Batch normalisation of [N,C,H,W] that starts as the identity, with PyTorch's epsilon and momentum. */
export function batchNorm({ b, name }: Pick<LayerPlace, "b" | "name">, x: Value): Value {
  const channels = Number(x.shape[1]);
  const filled = (part: string, value: number): Value =>
    b.constant(float32([channels], new Float32Array(channels).fill(value)), `${name}.${part}`);
  const inputs = [x, filled("weight", 1), filled("bias", 0), filled("running_mean", 0), filled("running_var", 1)];
  // ONNX's momentum is 1 minus PyTorch's
  const attrs = { epsilon: { float: 1e-5 }, momentum: { float: 0.9 } };
  return b.op("BatchNormalization", inputs, attrs, { name, outputs: [`${name}.out`] });
}

/** A dense layer, [N,F] to `output` [N,width]. "pytorch" is about the biases too; with any other they start at 0. */
export function linear(
  { b, seed, name }: LayerPlace,
  x: Value,
  width: number,
  output: string,
  initial: Initial = "pytorch",
): Value {
  const inputs = Number(x.shape[1]);
  const constant = (part: string, extents: readonly number[], kind: Initial): Value => {
    const path = `${name}.${part}`;
    const length = extents.reduce((product, extent) => product * extent, 1);
    const values = initialWeights(kind, length, { fanIn: inputs, fanOut: width, seed, stream: hashText(path) });
    return b.constant(float32(extents, values), path);
  };
  const weights = [
    constant("weight", [width, inputs], initial),
    constant("bias", [width], initial === "pytorch" ? initial : 0),
  ];
  return b.op("Gemm", [x, ...weights], { transB: 1 }, { name, outputs: [output] });
}

/** ReLU under a name. */
export function relu(b: GraphBuilder, name: string, x: Value): Value {
  return b.op("Relu", [x], {}, { name, outputs: [name] });
}

/** The largest of each square of `size` pixels, which do not overlap. */
export function maxPool(b: GraphBuilder, name: string, x: Value, size = 2): Value {
  const attrs = { kernel_shape: [size, size], strides: [size, size] };
  return b.op("MaxPool", [x], attrs, { name, outputs: [name] });
}

/** [N,C,H,W] to [N,C*H*W]. */
export function flatten(b: GraphBuilder, name: string, x: Value): Value {
  return b.op("Flatten", [x], { axis: 1 }, { name, outputs: [name] });
}

/** x with a share dropped while training, as the value `output`; x itself where the share is 0. */
export function dropout(b: GraphBuilder, name: string, x: Value, share: number, output: string = name): Value {
  return share === 0 ? x : b.op("Dropout", [x, b.scalar(share)], {}, { name, outputs: [output] });
}
