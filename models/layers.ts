import type { GraphBuilder } from "../toolkit/graph/builder.ts";
import type { Value } from "../toolkit/graph/ir.ts";
import { fillNormal, fillUniform, hashText } from "../toolkit/graph/random.ts";
import { float32 } from "../toolkit/graph/tensor.ts";

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
}

/** A convolution without bias, [N,C,H,W] to [N,channels,H/stride,W/stride]: Kaiming-normal over fan-out (He et al. 2015, arXiv 1502.01852). */
export function conv({ b, seed, name }: LayerPlace, x: Value, shape: ConvShape): Value {
  const { channels, kernel, stride = 1, group = 1 } = shape;
  const inputs = Number(x.shape[1]) / group;
  // PyTorch's fan-out counts the channels of all groups together
  const deviation = Math.sqrt(2 / (channels * kernel * kernel));
  const stream = hashText(`${name}.weight`);
  const values = fillNormal(channels * inputs * kernel * kernel, seed, stream, 0, deviation);
  const weight = b.constant(float32([channels, inputs, kernel, kernel], values), `${name}.weight`);
  const pad = (kernel - 1) / 2;
  const attrs = { kernel_shape: [kernel, kernel], strides: [stride, stride], pads: [pad, pad, pad, pad] };
  return b.op("Conv", [x, weight], group === 1 ? attrs : { ...attrs, group }, { name, outputs: [`${name}.out`] });
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

/** A dense layer, [N,F] to `output` [N,width]: weights and bias uniform in +-1/sqrt(F), as PyTorch's Linear starts. */
export function linear({ b, seed, name }: LayerPlace, x: Value, width: number, output: string): Value {
  const inputs = Number(x.shape[1]);
  const bound = 1 / Math.sqrt(inputs);
  const uniform = (part: string, shape: readonly number[], length: number): Value => {
    const values = fillUniform(length, seed, hashText(`${name}.${part}`), -bound, bound);
    return b.constant(float32(shape, values), `${name}.${part}`);
  };
  const weights = [uniform("weight", [width, inputs], width * inputs), uniform("bias", [width], width)];
  return b.op("Gemm", [x, ...weights], { transB: 1 }, { name, outputs: [output] });
}
