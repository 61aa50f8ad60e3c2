import { GraphBuilder } from "../../toolkit/graph/builder.ts";
import type { Graph, Value } from "../../toolkit/graph/ir.ts";
import type { TensorData } from "../../toolkit/graph/tensor.ts";
import { operators } from "../../toolkit/operators/index.ts";
import { random } from "./raw-model.ts";

/** A normalised graph written by `write`, which is given the builder and an input `x` of the given shape, and returns the outputs. */
export function smallGraph(
  shape: readonly (number | string)[],
  write: (b: GraphBuilder, x: Value) => readonly Value[],
): Graph {
  const b = new GraphBuilder(operators);
  return b.build(write(b, b.input("x", "float32", shape)));
}

/** Positive numbers, for variances. */
function positive(length: number, seed: number): TensorData {
  const t = random([length], seed);
  return { ...t, data: (t.data as Float32Array).map((v) => 0.1 + v * v) };
}

/** A 3x3 convolution of `x` that keeps the size, named after its weight. */
export function conv3(b: GraphBuilder, x: Value, name: string, filters: number, bias = false): Value {
  const channels = Number(x.shape[1]);
  const weight = b.constant(random([filters, channels, 3, 3], name.length), `${name}.weight`);
  const inputs = bias ? [x, weight, b.constant(random([filters], 7), `${name}.bias`)] : [x, weight];
  return b.op("Conv", inputs, { pads: [1, 1, 1, 1] }, { name, outputs: [`${name}.out`] });
}

/** BatchNormalization of `x` with random parameters and statistics. */
export function norm(b: GraphBuilder, x: Value, name: string): Value {
  const channels = Number(x.shape[1]);
  const inputs = [
    b.constant(random([channels], 11), `${name}.weight`),
    b.constant(random([channels], 12), `${name}.bias`),
    b.constant(random([channels], 13), `${name}.mean`),
    b.constant(positive(channels, 14), `${name}.var`),
  ];
  return b.op("BatchNormalization", [x, ...inputs], { epsilon: { float: 0.01 } }, { name, outputs: [`${name}.out`] });
}
