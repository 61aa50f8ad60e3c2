import { ToolkitError } from "../toolkit/errors.ts";
import { GraphBuilder } from "../toolkit/graph/builder.ts";
import type { Graph, Value } from "../toolkit/graph/ir.ts";
import { operators } from "../toolkit/operators/index.ts";
import { batchNorm as normalised, conv, linear } from "./layers.ts";

export interface ConvnetOptions {
  readonly classes?: number;
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
 * @throws E_SETTING for classes that are no positive integer or a dropout outside of [0, 1)
 */
export function convnet({ classes = 10, batchNorm = false, dropout = 0, seed = 0 }: ConvnetOptions = {}): Graph {
  if (!Number.isInteger(classes) || classes < 1) {
    throw new ToolkitError("E_SETTING", `Cannot build a ConvNet with classes ${classes}: expected a positive integer`);
  }
  if (!(dropout >= 0 && dropout < 1)) {
    throw new ToolkitError("E_SETTING", `Cannot build a ConvNet with dropout ${dropout}: expected 0 <= dropout < 1`);
  }
  const b = new GraphBuilder(operators);
  const relu = (name: string, x: Value): Value => b.op("Relu", [x], {}, { name, outputs: [name] });
  let x = b.input("input", "float32", ["N", 3, 32, 32]);
  for (const [i, channels] of [32, 64, 64].entries()) {
    const layer = i + 1;
    x = conv({ b, seed, name: `conv${layer}` }, x, { channels, kernel: 5 });
    if (batchNorm) x = normalised({ b, name: `bn${layer}` }, x);
    const pool = { kernel_shape: [2, 2], strides: [2, 2] };
    x = b.op("MaxPool", [relu(`relu${layer}`, x)], pool, { name: `pool${layer}`, outputs: [`pool${layer}`] });
  }
  const flat = b.op("Flatten", [x], { axis: 1 }, { name: "flatten", outputs: ["flatten"] });
  let features = relu("features", linear({ b, seed, name: "fc4" }, flat, 1000, "fc4.out"));
  if (dropout > 0) {
    features = b.op("Dropout", [features, b.scalar(dropout)], {}, { name: "dropout", outputs: ["dropout"] });
  }
  return b.build([linear({ b, seed, name: "fc5" }, features, classes, "logits")]);
}
