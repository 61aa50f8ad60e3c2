import { GraphBuilder } from "../toolkit/graph/builder.ts";
import type { Graph, Value } from "../toolkit/graph/ir.ts";
import { operators } from "../toolkit/operators/index.ts";
import { expectDropout, expectExtents } from "./expect-shape.ts";
import type { Initial } from "./initial.ts";
import { dropout as dropped, flatten, linear } from "./layers.ts";

export interface MlpOptions {
  readonly classes?: number;
  /** Side of the pictures; 32. */
  readonly sizePx?: number;
  /** Of the pictures: 3 for colours, 1 for grey. */
  readonly channels?: number;
  /** Units of each hidden layer, from the picture on; with none it is softmax regression. */
  readonly hidden?: readonly number[];
  /** What stands behind each hidden layer; Relu. */
  readonly activation?: "Relu" | "Sigmoid" | "Tanh";
  /** Share of each hidden layer that training drops; 0 for no Dropout at all. */
  readonly dropout?: number;
  /** How the weights start; as PyTorch's Linear where absent. */
  readonly initial?: Initial;
  readonly seed?: number;
}

const NETWORK = "a dense net";

/**
 * A dense net: the picture flattened, hidden layers, and the classes. Input `input` [N,channels,sizePx,sizePx], output `logits` [N,classes];
 * its value `features` is what the last layer reads: the last hidden one, or the flat picture. Layers are called `fc1`, `fc2`, ...
 * @throws E_SETTING for extents that are no positive integer or a dropout outside of [0, 1)
 */
export function mlp(options: MlpOptions = {}): Graph {
  const { classes = 10, sizePx = 32, channels = 3, hidden = [512, 256], dropout = 0, seed = 0 } = options;
  const { activation = "Relu", initial = "pytorch" } = options;
  const widths = Object.fromEntries(hidden.map((width, i) => [`hidden layer ${i + 1} of`, width]));
  expectExtents(NETWORK, { classes, sizePx, channels, ...widths });
  expectDropout(NETWORK, dropout);
  const b = new GraphBuilder(operators);
  const picture = b.input("input", "float32", ["N", channels, sizePx, sizePx]);
  const dense = (x: Value, layer: number, width: number, output: string): Value =>
    linear({ b, seed, name: `fc${layer}` }, x, width, output, initial);
  let x = flatten(b, hidden.length === 0 ? "features" : "flatten", picture);
  for (const [i, width] of hidden.entries()) {
    const layer = i + 1;
    // what the last layer reads is called "features", whether some of it is dropped or not
    const isLast = layer === hidden.length;
    const name = isLast && dropout === 0 ? "features" : `${activation.toLowerCase()}${layer}`;
    const active = b.op(activation, [dense(x, layer, width, `fc${layer}.out`)], {}, { name, outputs: [name] });
    x = dropped(b, `dropout${layer}`, active, dropout, isLast ? "features" : `dropout${layer}`);
  }
  return b.build([dense(x, hidden.length + 1, classes, "logits")]);
}
