import type { Architecture, ArchitectureShape } from "../../models/architectures.ts";
import { convnet } from "../../models/convnet.ts";
import { batchNorm, conv, dropout, flatten, linear, maxPool, relu } from "../../models/layers.ts";
import { GraphBuilder } from "../../toolkit/graph/builder.ts";
import type { Graph } from "../../toolkit/graph/ir.ts";
import { operators } from "../../toolkit/operators/index.ts";

/** What the course puts into its network step by step. */
export interface Parts {
  readonly batchNorm?: boolean;
  /** Share of what the last layer reads that training drops. */
  readonly dropout?: number;
}

/** Channels of the 3x3 convolutions. Multiples of 16 fill the blocks of a processor with AVX-512. */
const WIDTHS = [48, 96, 192, 192] as const;
/** Convolutions that a pool stands behind. */
const POOLED = 3;

/** The course's network: three 5x5 convolutions and a hidden layer of 1000. */
export function courseNet(parts: Parts): Architecture {
  return architecture("convnet", "three 5x5 convolutions", (shape) => convnet({ ...shape, ...parts }));
}

/**
 * The network for all steps together: a fifth more multiply-adds than the course's in four 3x3 convolutions, each with batch normalisation. It has no hidden layer, in which
 * dropout would cost epochs: the last layer reads the largest value of each of 192 maps. Pools stand in front of norms, which then have a quarter to do.
 */
export function deeperNet({ dropout: share = 0 }: Parts): Architecture {
  return architecture("deeper-convnet", "four 3x3 convolutions", (shape) => fourConvolutions(shape, share));
}

function architecture(name: string, title: string, build: Architecture["build"]): Architecture {
  return { name, title, sizePx: 32, classes: 10, build };
}

function fourConvolutions({ classes, sizePx, seed }: ArchitectureShape, share: number): Graph {
  const b = new GraphBuilder(operators);
  let x = b.input("input", "float32", ["N", 3, sizePx, sizePx]);
  for (const [i, channels] of WIDTHS.entries()) {
    const name = String(i + 1);
    const y = conv({ b, seed, name: `conv${name}` }, x, { channels, kernel: 3 });
    const pooled = i < POOLED ? maxPool(b, `pool${name}`, y) : y;
    x = relu(b, `relu${name}`, batchNorm({ b, name: `bn${name}` }, pooled));
  }
  const largest = maxPool(b, "largest", x, sizePx / 2 ** POOLED);
  // what the last layer reads is called so, whether some of it is dropped or not
  const flat = flatten(b, share > 0 ? "flatten" : "features", largest);
  const features = dropout(b, "dropout", flat, share, "features");
  return b.build([linear({ b, seed, name: "fc" }, features, classes, "logits")]);
}
