import { ToolkitError } from "../toolkit/errors.ts";
import { GraphBuilder } from "../toolkit/graph/builder.ts";
import type { Graph, Value } from "../toolkit/graph/ir.ts";
import { operators } from "../toolkit/operators/index.ts";
import { batchNorm, conv, linear } from "./layers.ts";
import type { ConvShape } from "./layers.ts";

export interface MobileNetV2Options {
  readonly classes: number;
  readonly seed?: number;
}

/** Of each stage: how much wider a block is within, its channels, its blocks, the stride of the first (table 2 of the paper). */
const STAGES = [
  { expansion: 1, channels: 16, blocks: 1, stride: 1 },
  { expansion: 6, channels: 24, blocks: 2, stride: 2 },
  { expansion: 6, channels: 32, blocks: 3, stride: 2 },
  { expansion: 6, channels: 64, blocks: 4, stride: 2 },
  { expansion: 6, channels: 96, blocks: 3, stride: 1 },
  { expansion: 6, channels: 160, blocks: 3, stride: 2 },
  { expansion: 6, channels: 320, blocks: 1, stride: 1 },
] as const;

/**
 * MobileNetV2 with random weights (Sandler et al. 2018, arXiv 1801.04381), in torchvision's names: input `input` [N,3,H,W], output `logits`
 * [N,classes]; its value `features` is [N,1280]. Convolutions start Kaiming-normal, the classifier as PyTorch's Linear does; it has no Dropout.
 * @throws E_SETTING for classes that are no positive integer
 */
export function mobileNetV2({ classes, seed = 0 }: MobileNetV2Options): Graph {
  if (!Number.isInteger(classes) || classes < 1) {
    throw new ToolkitError(
      "E_SETTING",
      `Cannot build MobileNetV2 with classes ${classes}: expected a positive integer`,
    );
  }
  const b = new GraphBuilder(operators);
  const input = b.input("input", "float32", ["N", 3, "H", "W"]);
  const place = { b, seed };
  let x = convNormRelu6(place, "features.0", input, { channels: 32, kernel: 3, stride: 2 });
  let layer = 1;
  for (const { expansion, channels, blocks, stride } of STAGES) {
    for (let block = 0; block < blocks; block++, layer++) {
      const shape = { expansion, channels, stride: block === 0 ? stride : 1 };
      x = invertedResidual(place, `features.${layer}`, x, shape);
    }
  }
  x = convNormRelu6(place, `features.${layer}`, x, { channels: 1280, kernel: 1 });
  const pooled = b.op("GlobalAveragePool", [x], {}, { name: "avgpool", outputs: ["avgpool"] });
  const features = b.op("Flatten", [pooled], { axis: 1 }, { name: "features", outputs: ["features"] });
  return b.build([linear({ ...place, name: "classifier.1" }, features, classes, "logits")]);
}

interface Place {
  readonly b: GraphBuilder;
  readonly seed: number;
}

function convNormRelu6({ b, seed }: Place, name: string, x: Value, shape: ConvShape): Value {
  const y = batchNorm({ b, name: `${name}.1` }, conv({ b, seed, name: `${name}.0` }, x, shape));
  return b.op("Clip", [y, b.scalar(0), b.scalar(6)], {}, { name: `${name}.2`, outputs: [`${name}.2`] });
}

/** Widens by a 1x1 convolution, filters each channel by itself, and narrows without an activation. */
function invertedResidual(
  place: Place,
  name: string,
  x: Value,
  { expansion, channels, stride }: { readonly expansion: number; readonly channels: number; readonly stride: number },
): Value {
  const { b } = place;
  const inputs = Number(x.shape[1]);
  const width = inputs * expansion;
  const widened = expansion === 1 ? x : convNormRelu6(place, `${name}.conv.0`, x, { channels: width, kernel: 1 });
  const at = expansion === 1 ? 0 : 1;
  const depthwise = { channels: width, kernel: 3, stride, group: width };
  const filtered = convNormRelu6(place, `${name}.conv.${at}`, widened, depthwise);
  const narrowed = conv({ ...place, name: `${name}.conv.${at + 1}` }, filtered, { channels, kernel: 1 });
  const y = batchNorm({ b, name: `${name}.conv.${at + 2}` }, narrowed);
  if (stride !== 1 || inputs !== channels) return y;
  return b.op("Add", [x, y], {}, { name: `${name}.add`, outputs: [`${name}.add`] });
}
