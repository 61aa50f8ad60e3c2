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

/** Channels of the 3x3 convolutions, by the size of the map they work on. Multiples of 16 fill the blocks of a processor with AVX-512. */
const BLOCKS = [[32], [64, 64], [128, 128]] as const;

/** The course's network: three 5x5 convolutions and a hidden layer of 1000. */
export function courseNet(parts: Parts): Architecture {
  return architecture("convnet", "three 5x5 convolutions", (shape) => convnet({ ...shape, ...parts }));
}

/**
 * The network for all steps together: as many multiply-adds in five 3x3 convolutions, each with batch normalisation. It has no hidden layer, in which dropout
 * would cost epochs: half of 512 means of 2x2 pixels are dropped instead. Pools stand in front of norms, which then have a quarter to do.
 */
export function deeperNet({ dropout: share = 0 }: Parts): Architecture {
  return architecture("deeper-convnet", "five 3x3 convolutions", (shape) => fiveConvolutions(shape, share));
}

function architecture(name: string, title: string, build: Architecture["build"]): Architecture {
  return { name, title, sizePx: 32, classes: 10, build };
}

function fiveConvolutions({ classes, sizePx, seed }: ArchitectureShape, share: number): Graph {
  const b = new GraphBuilder(operators);
  let x = b.input("input", "float32", ["N", 3, sizePx, sizePx]);
  let layer = 0;
  for (const [block, widths] of BLOCKS.entries()) {
    for (const [i, channels] of widths.entries()) {
      const name = String(++layer);
      const y = conv({ b, seed, name: `conv${name}` }, x, { channels, kernel: 3 });
      const isLast = i === widths.length - 1;
      const pooled = isLast ? maxPool(b, `pool${block + 1}`, y) : y;
      x = relu(b, `relu${name}`, batchNorm({ b, name: `bn${name}` }, pooled));
    }
  }
  const window = { kernel_shape: [2, 2], strides: [2, 2] };
  const means = b.op("AveragePool", [x], window, { name: "means", outputs: ["means"] });
  // what the last layer reads is called so, whether some of it is dropped or not
  const flat = flatten(b, share > 0 ? "flatten" : "features", means);
  const features = dropout(b, "dropout", flat, share, "features");
  return b.build([linear({ b, seed, name: "fc" }, features, classes, "logits")]);
}
