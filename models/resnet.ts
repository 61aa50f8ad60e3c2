import { ToolkitError } from "../toolkit/errors.ts";
import { GraphBuilder } from "../toolkit/graph/builder.ts";
import type { Graph, Value } from "../toolkit/graph/ir.ts";
import { operators } from "../toolkit/operators/index.ts";
import { expectExtents } from "./expect-shape.ts";
import { batchNorm, conv, flatten, linear, relu } from "./layers.ts";
import type { ConvShape, LayerPlace } from "./layers.ts";

export interface ResnetOptions {
  /** 18 and 34 have basic blocks, 50 and more bottleneck blocks. */
  readonly depth?: 18 | 34 | 50 | 101 | 152;
  readonly classes: number;
  /** Of the pictures: 3 for colours, 1 for grey. */
  readonly channels?: number;
  /** "imagenet": 7x7 stride 2 and a max-pool, for pictures of 64 px and more. "cifar": 3x3 stride 1, for about 32 px. */
  readonly stem?: "imagenet" | "cifar";
  /** Channels of the first stage, in bottleneck blocks before they widen to four times as many; each later stage has twice as many. */
  readonly width?: number;
  /** Of a bottleneck block's 3x3 convolution; 32 with `groupWidth` 4 is ResNeXt-50 32x4d (Xie et al. 2016, arXiv 1611.05431). */
  readonly groups?: number;
  /** Channels of a group in the first stage; width / groups where absent. */
  readonly groupWidth?: number;
  readonly seed?: number;
}

const BLOCKS = {
  18: [2, 2, 2, 2],
  34: [3, 4, 6, 3],
  50: [3, 4, 6, 3],
  101: [3, 4, 23, 3],
  152: [3, 8, 36, 3],
} as const;
const WIDENING = 4;

/**
 * A ResNet with random weights (He et al. 2015, arXiv 1512.03385), in torchvision's names: input `input` [N,channels,H,W], output `logits` [N,classes];
 * its value `features` is [N,8*width], of bottleneck blocks [N,32*width], whose 3x3 convolution has the stride ("v1.5"). Convolutions start
 * Kaiming-normal, `fc` uniform in +-1/sqrt(inputs) as PyTorch's Linear does.
 * @throws E_SETTING for classes, channels, a width or groups that are no positive integer, and for groups in basic blocks
 */
export function resnet(options: ResnetOptions): Graph {
  const { depth = 18, classes, stem = "imagenet", width = 64, groups = 1, groupWidth = width / groups } = options;
  const { channels = 3 } = options;
  expectExtents("a ResNet", { classes, width, groups, groupWidth, channels });
  const basic = depth < 50;
  if (basic && (groups !== 1 || groupWidth !== width)) {
    throw new ToolkitError("E_SETTING", `Cannot build a ResNet of depth ${depth} with groups: expected 50, 101 or 152`);
  }
  const net = new Net(options.seed ?? 0);
  let x = net.stem(stem, width, channels);
  for (const [stage, blocks] of BLOCKS[depth].entries()) {
    const times = 2 ** stage;
    for (let block = 0; block < blocks; block++) {
      const place = { name: `layer${stage + 1}.${block}`, stride: stage > 0 && block === 0 ? 2 : 1 };
      x = basic
        ? net.basic(place, x, width * times)
        : net.bottleneck(place, x, width * times * WIDENING, { channels: groupWidth * groups * times, group: groups });
    }
  }
  return net.head(x, classes);
}

interface BlockPlace {
  readonly name: string;
  readonly stride: number;
}

/** Writes the layers. */
class Net {
  readonly #b = new GraphBuilder(operators);
  readonly #seed: number;

  constructor(seed: number) {
    this.#seed = seed;
  }

  stem(kind: "imagenet" | "cifar", width: number, channels: number): Value {
    const input = this.#b.input("input", "float32", ["N", channels, "H", "W"]);
    const [kernel, stride] = kind === "imagenet" ? [7, 2] : [3, 1];
    const x = relu(this.#b, "relu", this.#convNorm("conv1", "bn1", input, { channels: width, kernel, stride }));
    if (kind === "cifar") return x;
    const attrs = { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] };
    return this.#b.op("MaxPool", [x], attrs, { name: "maxpool", outputs: ["maxpool"] });
  }

  basic({ name, stride }: BlockPlace, x: Value, channels: number): Value {
    const first = this.#convNorm(`${name}.conv1`, `${name}.bn1`, x, { channels, kernel: 3, stride });
    const middle = relu(this.#b, `${name}.relu1`, first);
    const second = this.#convNorm(`${name}.conv2`, `${name}.bn2`, middle, { channels, kernel: 3 });
    return relu(this.#b, `${name}.relu2`, this.#residual({ name, stride }, x, second));
  }

  bottleneck({ name, stride }: BlockPlace, x: Value, channels: number, inner: Omit<ConvShape, "kernel">): Value {
    const first = this.#convNorm(`${name}.conv1`, `${name}.bn1`, x, { channels: inner.channels, kernel: 1 });
    const narrow = relu(this.#b, `${name}.relu1`, first);
    const second = this.#convNorm(`${name}.conv2`, `${name}.bn2`, narrow, { ...inner, kernel: 3, stride });
    const filtered = relu(this.#b, `${name}.relu2`, second);
    const wide = this.#convNorm(`${name}.conv3`, `${name}.bn3`, filtered, { channels, kernel: 1 });
    return relu(this.#b, `${name}.relu3`, this.#residual({ name, stride }, x, wide));
  }

  head(x: Value, classes: number): Graph {
    const pooled = this.#b.op("GlobalAveragePool", [x], {}, { name: "avgpool", outputs: ["avgpool"] });
    const features = flatten(this.#b, "features", pooled);
    return this.#b.build([linear(this.#at("fc"), features, classes, "logits")]);
  }

  /** The block's input is added, by a 1x1 convolution where its shape is another. */
  #residual({ name, stride }: BlockPlace, x: Value, y: Value): Value {
    const channels = Number(y.shape[1]);
    const [from, to] = [`${name}.downsample.0`, `${name}.downsample.1`];
    const same = stride === 1 && x.shape[1] === channels;
    const skip = same ? x : this.#convNorm(from, to, x, { channels, kernel: 1, stride });
    return this.#b.op("Add", [y, skip], {}, { name: `${name}.add`, outputs: [`${name}.add`] });
  }

  #convNorm(convName: string, normName: string, x: Value, shape: ConvShape): Value {
    return batchNorm(this.#at(normName), conv(this.#at(convName), x, shape));
  }

  #at(name: string): LayerPlace {
    return { b: this.#b, seed: this.#seed, name };
  }
}
