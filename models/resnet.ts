import { ToolkitError } from "../toolkit/errors.ts";
import { GraphBuilder } from "../toolkit/graph/builder.ts";
import type { Graph, Value } from "../toolkit/graph/ir.ts";
import { fillNormal, fillUniform, hashText } from "../toolkit/graph/random.ts";
import { float32 } from "../toolkit/graph/tensor.ts";
import { operators } from "../toolkit/operators/index.ts";

export interface ResnetOptions {
  readonly depth?: 18 | 34;
  readonly classes: number;
  /** "imagenet": 7x7 stride 2 and a max-pool, for pictures of 64 px and more. "cifar": 3x3 stride 1, for about 32 px. */
  readonly stem?: "imagenet" | "cifar";
  /** Channels of the first stage; each later stage has twice as many. */
  readonly width?: number;
  readonly seed?: number;
}

const BLOCKS = { 18: [2, 2, 2, 2], 34: [3, 4, 6, 3] } as const;

/**
 * A ResNet of basic blocks with random weights (He et al. 2015, arXiv 1512.03385), in torchvision's names: input `input` [N,3,H,W],
 * outputs `logits` [N,classes]; its value `features` is [N,8*width]. Convolutions start Kaiming-normal over fan-out (He et al. 2015,
 * arXiv 1502.01852), `fc` uniform in +-1/sqrt(inputs) as PyTorch's Linear does.
 * @throws E_SETTING for classes or a width that is no positive integer
 */
export function resnet({ depth = 18, classes, stem = "imagenet", width = 64, seed = 0 }: ResnetOptions): Graph {
  for (const [name, value] of Object.entries({ classes, width })) {
    if (!Number.isInteger(value) || value < 1) {
      throw new ToolkitError("E_SETTING", `Cannot build a ResNet with ${name} ${value}: expected a positive integer`);
    }
  }
  const net = new Net(seed);
  let x = net.stem(stem, width);
  for (const [stage, blocks] of BLOCKS[depth].entries()) {
    for (let block = 0; block < blocks; block++) {
      const stride = stage > 0 && block === 0 ? 2 : 1;
      x = net.block(`layer${stage + 1}.${block}`, x, width * 2 ** stage, stride);
    }
  }
  return net.head(x, classes);
}

/** Writes the layers. Weights come from streams named after them, so that they do not depend on each other. */
class Net {
  readonly #b = new GraphBuilder(operators);
  readonly #seed: number;

  constructor(seed: number) {
    this.#seed = seed;
  }

  stem(kind: "imagenet" | "cifar", width: number): Value {
    const input = this.#b.input("input", "float32", ["N", 3, "H", "W"]);
    const [kernel, stride] = kind === "imagenet" ? [7, 2] : [3, 1];
    const x = this.#relu("relu", this.#batchNorm("bn1", this.#conv("conv1", input, width, kernel, stride)));
    if (kind === "cifar") return x;
    const attrs = { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] };
    return this.#b.op("MaxPool", [x], attrs, { name: "maxpool", outputs: ["maxpool"] });
  }

  block(name: string, x: Value, channels: number, stride: number): Value {
    const conv1 = this.#conv(`${name}.conv1`, x, channels, 3, stride);
    const relu1 = this.#relu(`${name}.relu1`, this.#batchNorm(`${name}.bn1`, conv1));
    const bn2 = this.#batchNorm(`${name}.bn2`, this.#conv(`${name}.conv2`, relu1, channels, 3, 1));
    const skip =
      stride === 1 && x.shape[1] === channels ? x : this.#downsample(`${name}.downsample`, x, channels, stride);
    const sum = this.#b.op("Add", [bn2, skip], {}, { name: `${name}.add`, outputs: [`${name}.add`] });
    return this.#relu(`${name}.relu2`, sum);
  }

  head(x: Value, classes: number): Graph {
    const pooled = this.#b.op("GlobalAveragePool", [x], {}, { name: "avgpool", outputs: ["avgpool"] });
    const features = this.#b.op("Flatten", [pooled], { axis: 1 }, { name: "features", outputs: ["features"] });
    const inputs = Number(x.shape[1]);
    const bound = 1 / Math.sqrt(inputs);
    const uniform = (name: string, shape: readonly number[], length: number): Value =>
      this.#b.constant(float32(shape, fillUniform(length, this.#seed, hashText(name), -bound, bound)), name);
    const weight = uniform("fc.weight", [classes, inputs], classes * inputs);
    const bias = uniform("fc.bias", [classes], classes);
    const logits = this.#b.op("Gemm", [features, weight, bias], { transB: 1 }, { name: "fc", outputs: ["logits"] });
    return this.#b.build([logits]);
  }

  #downsample(name: string, x: Value, channels: number, stride: number): Value {
    return this.#batchNorm(`${name}.1`, this.#conv(`${name}.0`, x, channels, 1, stride));
  }

  #conv(name: string, x: Value, channels: number, kernel: number, stride: number): Value {
    const inputs = Number(x.shape[1]);
    const pad = (kernel - 1) / 2;
    const deviation = Math.sqrt(2 / (channels * kernel * kernel));
    const values = fillNormal(
      channels * inputs * kernel * kernel,
      this.#seed,
      hashText(`${name}.weight`),
      0,
      deviation,
    );
    const weight = this.#b.constant(float32([channels, inputs, kernel, kernel], values), `${name}.weight`);
    const attrs = { kernel_shape: [kernel, kernel], strides: [stride, stride], pads: [pad, pad, pad, pad] };
    return this.#b.op("Conv", [x, weight], attrs, { name, outputs: [`${name}.out`] });
  }

  #batchNorm(name: string, x: Value): Value {
    const channels = Number(x.shape[1]);
    const filled = (part: string, value: number): Value =>
      this.#b.constant(float32([channels], new Float32Array(channels).fill(value)), `${name}.${part}`);
    const inputs = [x, filled("weight", 1), filled("bias", 0), filled("running_mean", 0), filled("running_var", 1)];
    // ONNX's momentum is 1 minus PyTorch's
    const attrs = { epsilon: { float: 1e-5 }, momentum: { float: 0.9 } };
    return this.#b.op("BatchNormalization", inputs, attrs, { name, outputs: [`${name}.out`] });
  }

  #relu(name: string, x: Value): Value {
    return this.#b.op("Relu", [x], {}, { name, outputs: [name] });
  }
}
