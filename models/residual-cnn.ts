import { GraphBuilder } from "../toolkit/graph/builder.ts";
import type { Graph, Value } from "../toolkit/graph/ir.ts";
import { operators } from "../toolkit/operators/index.ts";
import { expectDropout, expectExtents } from "./expect-shape.ts";
import { batchNorm, conv, dropout as dropped, flatten, linear, maxPool, relu } from "./layers.ts";

export interface ResidualCnnOptions {
  readonly classes?: number;
  /** Of the pictures: 3 for colours, 1 for grey. */
  readonly channels?: number;
  /** Channels of the first convolution; all others have twice as many. 32. */
  readonly width?: number;
  /** Share of the pooled features that training drops; 0 for no Dropout at all. */
  readonly dropout?: number;
  readonly seed?: number;
}

const NETWORK = "a residual CNN";

/**
 * A small network for handwriting of 28x28 px: a 3x3 convolution, a second one of twice as many channels, and a residual block of two (He et al. 2015,
 * arXiv 1512.03385, figure 2), each with batch normalisation, with 2x2 max-pools before and behind the second; then the mean over all pixels and the classes.
 * Takes pictures of any size: input `input` [N,channels,H,W], output `logits` [N,classes]; its value `features` is [N,2*width].
 * @throws E_SETTING for extents that are no positive integer or a dropout outside of [0, 1)
 */
export function residualCnn(options: ResidualCnnOptions = {}): Graph {
  const { classes = 10, channels = 3, width = 32, dropout = 0, seed = 0 } = options;
  expectExtents(NETWORK, { classes, channels, width });
  expectDropout(NETWORK, dropout);
  const b = new GraphBuilder(operators);
  const normalised = (layer: number, x: Value, filters: number): Value => {
    const y = conv({ b, seed, name: `conv${layer}` }, x, { channels: filters, kernel: 3 });
    return batchNorm({ b, name: `bn${layer}` }, y);
  };
  const picture = b.input("input", "float32", ["N", channels, "H", "W"]);
  const first = maxPool(b, "pool1", relu(b, "relu1", normalised(1, picture, width)));
  const skip = maxPool(b, "pool2", relu(b, "relu2", normalised(2, first, 2 * width)));
  const residual = normalised(4, relu(b, "relu3", normalised(3, skip, 2 * width)), 2 * width);
  const sum = b.op("Add", [residual, skip], {}, { name: "add", outputs: ["add"] });
  const mean = b.op("GlobalAveragePool", [relu(b, "relu4", sum)], {}, { name: "mean", outputs: ["mean"] });
  // what the last layer reads is called so, whether some of it is dropped or not
  const flat = flatten(b, dropout > 0 ? "flatten" : "features", mean);
  const features = dropped(b, "dropout", flat, dropout, "features");
  return b.build([linear({ b, seed, name: "fc" }, features, classes, "logits")]);
}
