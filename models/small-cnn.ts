import { GraphBuilder } from "../toolkit/graph/builder.ts";
import type { Graph } from "../toolkit/graph/ir.ts";
import { operators } from "../toolkit/operators/index.ts";
import { expectDropout, expectExtents, expectSize } from "./expect-shape.ts";
import { batchNorm as normalised, conv, dropout as dropped, flatten, linear, maxPool, relu } from "./layers.ts";

export interface SmallCnnOptions {
  readonly classes?: number;
  /** Side of the pictures; 28. */
  readonly sizePx?: number;
  /** Of the pictures: 3 for colours, 1 for grey. */
  readonly channels?: number;
  /** Batch normalisation after each convolution. */
  readonly batchNorm?: boolean;
  /** Share of both hidden layers that training drops; 0 for no Dropout at all. */
  readonly dropout?: number;
  readonly seed?: number;
}

/** Channels of each 3x3 convolution, the rows of zeros around its input, and whether a max-pool follows. */
const CONVOLUTIONS = [
  { channels: 16, pad: 0, pool: false },
  { channels: 16, pad: 0, pool: true },
  { channels: 64, pad: 0, pool: false },
  { channels: 64, pad: 0, pool: false },
  { channels: 64, pad: 1, pool: true },
] as const;

const NETWORK = "a small CNN";
const HIDDEN = 128;

/**
 * A small network for pictures of 28x28 px, as courses on medical pictures use it (MedMNIST's first example): five 3x3 convolutions with biases
 * (16, 16, 64, 64, 64 channels), 2x2 max-pools behind the second and the fifth, which leave 4x4 pixels, then two hidden layers of 128 and the classes.
 * Input `input` [N,channels,sizePx,sizePx], output `logits` [N,classes]; its value `features` is [N,128].
 * @throws E_SETTING for extents that are no positive integer, pictures below 16 px or a dropout outside of [0, 1)
 */
export function smallCnn(options: SmallCnnOptions = {}): Graph {
  const { classes = 10, sizePx = 28, channels = 3, batchNorm = false, dropout = 0, seed = 0 } = options;
  expectExtents(NETWORK, { classes, sizePx, channels });
  expectSize(NETWORK, sizePx, 16);
  expectDropout(NETWORK, dropout);
  const b = new GraphBuilder(operators);
  let x = b.input("input", "float32", ["N", channels, sizePx, sizePx]);
  for (const [i, { pool, ...shape }] of CONVOLUTIONS.entries()) {
    const layer = i + 1;
    x = conv({ b, seed, name: `conv${layer}` }, x, { ...shape, kernel: 3, bias: true, initial: "pytorch" });
    if (batchNorm) x = normalised({ b, name: `bn${layer}` }, x);
    x = relu(b, `relu${layer}`, x);
    if (pool) x = maxPool(b, `pool${layer}`, x);
  }
  x = linear({ b, seed, name: "fc1" }, flatten(b, "flatten", x), HIDDEN, "fc1.out");
  x = dropped(b, "dropout1", relu(b, "relu6", x), dropout);
  // what the last layer reads is called so, whether some of it is dropped or not
  x = relu(b, dropout > 0 ? "relu7" : "features", linear({ b, seed, name: "fc2" }, x, HIDDEN, "fc2.out"));
  x = dropped(b, "dropout2", x, dropout, "features");
  return b.build([linear({ b, seed, name: "fc3" }, x, classes, "logits")]);
}
