import { GraphBuilder } from "../toolkit/graph/builder.ts";
import type { Graph } from "../toolkit/graph/ir.ts";
import { operators } from "../toolkit/operators/index.ts";
import { expectDropout, expectExtents, expectSize } from "./expect-shape.ts";
import { batchNorm as normalised, conv, dropout as dropped, flatten, linear, maxPool, relu } from "./layers.ts";

export interface ConvnetOptions {
  readonly classes?: number;
  /** Side of the pictures; 32. */
  readonly sizePx?: number;
  /** Of the pictures: 3 for colours, 1 for grey. */
  readonly channels?: number;
  /** Batch normalisation after each convolution. */
  readonly batchNorm?: boolean;
  /** Share of the hidden layer that training drops; 0 for no Dropout at all. */
  readonly dropout?: number;
  readonly seed?: number;
}

/**
 * A small network for pictures of 32x32 px, as courses build it for CIFAR-10: three times 5x5 convolution (32, 64, 64 channels), ReLU and 2x2
 * max-pool, then a hidden layer of 1000 and the classes. Input `input` [N,3,32,32], output `logits` [N,classes]; its value `features` is [N,1000].
 * Convolutions have no bias and start Kaiming-normal; 1,190,000 weights with 10 classes, and 1,010 biases of the dense layers.
 * @throws E_SETTING for extents that are no positive integer, pictures below 8 px or a dropout outside of [0, 1)
 */
export function convnet(options: ConvnetOptions = {}): Graph {
  const { classes = 10, sizePx = 32, channels = 3, batchNorm = false, dropout = 0, seed = 0 } = options;
  expectExtents("a ConvNet", { classes, sizePx, channels });
  expectSize("a ConvNet", sizePx, 8);
  expectDropout("a ConvNet", dropout);
  const b = new GraphBuilder(operators);
  let x = b.input("input", "float32", ["N", channels, sizePx, sizePx]);
  for (const [i, filters] of [32, 64, 64].entries()) {
    const layer = i + 1;
    x = conv({ b, seed, name: `conv${layer}` }, x, { channels: filters, kernel: 5 });
    if (batchNorm) x = normalised({ b, name: `bn${layer}` }, x);
    x = maxPool(b, `pool${layer}`, relu(b, `relu${layer}`, x));
  }
  const hidden = linear({ b, seed, name: "fc4" }, flatten(b, "flatten", x), 1000, "fc4.out");
  // what the last layer reads is called so, whether some of it is dropped or not
  const active = relu(b, dropout > 0 ? "relu4" : "features", hidden);
  const features = dropped(b, "dropout", active, dropout, "features");
  return b.build([linear({ b, seed, name: "fc5" }, features, classes, "logits")]);
}
