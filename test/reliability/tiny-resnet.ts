import { batchNorm, conv, linear } from "../../models/layers.ts";
import { GraphBuilder } from "../../toolkit/graph/builder.ts";
import type { Graph, Value } from "../../toolkit/graph/ir.ts";
import { operators } from "../../toolkit/operators/index.ts";

const CHANNELS = 8;
const BLOCKS = 2;
const SEED = 1;

/** A ResNet of 8 channels for pictures of 32 px, which makes a step in about a millisecond: a stem, two residual blocks at 8 px, pool and classes. */
export function tinyResnet(classes: number): Graph {
  const b = new GraphBuilder(operators);
  const relu = (name: string, x: Value): Value => b.op("Relu", [x], {}, { name, outputs: [name] });
  const normed = (name: string, x: Value, stride = 1): Value =>
    batchNorm(
      { b, name: `${name}.bn` },
      conv({ b, seed: SEED, name: `${name}.conv` }, x, { channels: CHANNELS, kernel: 3, stride }),
    );
  let x = relu("stem1", normed("stem1.part", b.input("input", "float32", ["N", 3, "H", "W"]), 2));
  x = relu("stem2", normed("stem2.part", x, 2));
  for (let block = 0; block < BLOCKS; block++) {
    const name = `block${block}`;
    const y = normed(`${name}.b`, relu(`${name}.relu`, normed(`${name}.a`, x)));
    x = relu(`${name}.out`, b.op("Add", [y, x], {}, { name: `${name}.add`, outputs: [`${name}.add`] }));
  }
  const pooled = b.op("GlobalAveragePool", [x], {}, { name: "pool", outputs: ["pool"] });
  const features = b.op("Flatten", [pooled], { axis: 1 }, { name: "features", outputs: ["features"] });
  return b.build([linear({ b, seed: SEED, name: "fc" }, features, classes, "logits")]);
}
