import { differentiate } from "../../toolkit/autodiff/differentiate.ts";
import { GraphBuilder } from "../../toolkit/graph/builder.ts";
import type { Graph, Value } from "../../toolkit/graph/ir.ts";
import { fillNormal, uniform } from "../../toolkit/graph/random.ts";
import { float32, sizeOf } from "../../toolkit/graph/tensor.ts";
import type { TensorData } from "../../toolkit/graph/tensor.ts";
import { operators } from "../../toolkit/operators/index.ts";
import { batchNormTraining } from "../../toolkit/passes/batch-norm-training.ts";

/** A small network with its gradients, and what it is fed. */
export interface RandomNetwork {
  readonly graph: Graph;
  readonly feeds: ReadonlyMap<string, TensorData>;
  /** Parameter -> the output that holds its gradient. */
  readonly state: ReadonlyMap<string, string>;
}

/** Draws numbers and writes what they choose. */
class Drawing {
  readonly b = new GraphBuilder(operators);
  readonly feeds = new Map<string, TensorData>();
  readonly #seed: number;
  #drawn = 0;

  constructor(seed: number) {
    this.#seed = seed;
  }

  below(count: number): number {
    return Math.floor(uniform(this.#seed, 1, this.#drawn++) * count);
  }

  one<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }

  input(name: string, shape: readonly number[], scale = 1): Value {
    const drawn = fillNormal(sizeOf(shape), this.#seed, 2 + this.#drawn++).map((v) => v * scale);
    this.feeds.set(name, float32(shape, drawn));
    return this.b.input(name, "float32", shape);
  }

  weight(shape: readonly number[]): Value {
    return this.input(`w${this.feeds.size}`, shape, 1 / Math.sqrt(sizeOf(shape.slice(1))));
  }
}

type Write = (d: Drawing, x: Value, values: readonly Value[]) => Value | undefined;

function extents(v: Value): readonly [number, number, number, number] {
  return v.shape as readonly number[] as readonly [number, number, number, number];
}

const conv: Write = (d, x) => {
  const [, channels, height, width] = extents(x);
  const k = d.one([1, 1, 2, 3]);
  const dilation = k > 1 && d.below(4) === 0 ? 2 : 1;
  const reach = (k - 1) * dilation + 1;
  const [strides, pads] = [[d.one([1, 1, 2]), d.one([1, 1, 2])], Array.from({ length: 4 }, () => d.below(reach))];
  if (height < reach || width < reach) return undefined;
  const divided = channels % 32 === 0 ? [1, 2, channels] : channels % 16 === 0 ? [1, channels] : [1];
  const group = d.one(divided);
  const filters = group === channels ? channels : d.one([16, 32, 48].filter((n) => n % group === 0));
  const bias = d.below(2) === 0 ? [d.weight([filters])] : [];
  return d.b.op("Conv", [x, d.weight([filters, channels / group, k, k]), ...bias], {
    kernel_shape: [k, k],
    strides,
    pads,
    dilations: [dilation, dilation],
    group,
  });
};

const pool: Write = (d, x) => {
  const [, , height, width] = extents(x);
  const [k, s] = [d.one([2, 3]), d.one([1, 2])];
  if (height < k || width < k) return undefined;
  const pads = Array.from({ length: 4 }, () => d.below(2));
  const type = d.one(["MaxPool", "MaxPool", "AveragePool"]);
  return d.b.op(type, [x], { kernel_shape: [k, k], strides: [s, s], pads });
};

const activation: Write = (d, x) => d.b.op(d.one(["Relu", "Relu", "Sigmoid", "HardSwish", "Tanh"]), [x]);

const clip: Write = (d, x) => d.b.op("Clip", [x, d.b.scalar(-0.5), d.b.scalar(0.9)]);

/** With another value of its shape, of any layout. */
const combine: Write = (d, x, values) => {
  const alike = values.filter((v) => v.shape.join() === x.shape.join());
  return d.b.op(d.one(["Add", "Add", "Mul", "Sub"]), d.below(2) === 0 ? [x, d.one(alike)] : [d.one(alike), x]);
};

const concat: Write = (d, x, values) => {
  const [batch, , height, width] = extents(x);
  const others = values.filter((v) => [v.shape[0], v.shape[2], v.shape[3]].join() === [batch, height, width].join());
  return d.b.op("Concat", [x, d.one(others)], { axis: 1 });
};

const slice: Write = (d, x) => {
  const [, channels] = extents(x);
  if (channels < 32) return undefined;
  const first = d.one([0, 5, 16]);
  return d.b.op("Slice", [x, d.b.ints([first]), d.b.ints([first + 16]), d.b.ints([1])]);
};

/** By one number for each channel, learnt or of each picture. */
const scale: Write = (d, x) => {
  const [, channels] = extents(x);
  if (d.below(2) === 0) return d.b.op(d.one(["Mul", "Add"]), [x, d.weight([channels, 1, 1])]);
  return d.b.op("Mul", [d.b.op("Sigmoid", [d.b.op("GlobalAveragePool", [x])]), x]);
};

/** What a value's mean or sum over some axes leaves, taken away from it. */
const centre: Write = (d, x) => {
  const mean = d.below(2) === 0;
  const axes = d.one([[2, 3], [1], [1, 2, 3], [0, 2, 3]]);
  if (mean) return d.b.op("Sub", [x, d.b.op("ReduceMean", [x], { axes, keepdims: 1 })]);
  const sum = d.b.op("ReduceSum", [x, d.b.ints(axes)], { keepdims: 1 });
  return d.b.op("Add", [x, d.b.op("Tanh", [d.b.op("Mul", [sum, d.b.scalar(0.01)])])]);
};

/** With batch statistics, see below. */
const batchNorm: Write = (d, x) => {
  const [, channels] = extents(x);
  const stored = [0, 1].map((v) => d.b.constant(float32([channels], new Float32Array(channels).fill(v))));
  return d.b.op("BatchNormalization", [x, d.weight([channels]), d.weight([channels]), ...stored]);
};

/** A filter that is computed: scaled for each output. */
const scaledConv: Write = (d, x) => {
  const [, channels] = extents(x);
  const w = d.b.op("Mul", [d.weight([16, channels, 1, 1]), d.weight([16, 1, 1, 1])]);
  return d.b.op("Conv", [x, w], { kernel_shape: [1, 1] });
};

/** What is drawn from: some more often than others. */
const WRITERS = (
  [
    [3, conv],
    [1, pool],
    [2, activation],
    [1, clip],
    [2, combine],
    [1, concat],
    [1, slice],
    [1, scale],
    [1, centre],
    [1, scaledConv],
    [2, batchNorm],
  ] as const
).flatMap(([times, write]) => Array<Write>(times).fill(write));

/** A network of `length` operators or so on pictures of 3 or 16 channels, whose outputs are two of its values and the gradients of everything it is fed. */
export function randomNetwork(seed: number, length: number): RandomNetwork {
  const d = new Drawing(seed);
  const side = d.one([5, 6, 7, 8]);
  const x = d.input("x", [d.one([1, 2, 3, 5, 7, 16]), d.one([3, 16]), side, side + d.below(3)]);
  const values: Value[] = [x];
  for (let i = 0; i < length; i++) {
    // mostly what was written last
    const from = d.below(3) > 0 ? (values.at(-1) ?? x) : d.one(values);
    const value = d.one(WRITERS)(d, from, values);
    if (value) values.push(value);
  }
  const outputs = [values.at(-1) ?? x, d.one(values.slice(1))].map((v) =>
    d.b.op("Mul", [v, d.b.scalar(1)], {}, { outputs: [d.b.fresh("output")] }),
  );
  const terms = outputs.map((v, i) => {
    const target = d.input(`target${i}`, v.shape as readonly number[]);
    return d.b.op("ReduceSum", [d.b.op("Mul", [v, target])], { keepdims: 0 });
  });
  const loss = d.b.op("Add", terms);
  return differentiated(d, outputs, loss);
}

function differentiated(d: Drawing, outputs: readonly Value[], loss: Value): RandomNetwork {
  const { graph: forward } = batchNormTraining(d.b.build([...outputs, loss]));
  const reached = new Set<string>([loss.name]);
  for (const node of forward.nodes.toReversed())
    if (node.outputs.some((v) => reached.has(v.name))) for (const v of node.inputs) if (v) reached.add(v.name);
  const names = [...d.feeds.keys()].filter((name) => reached.has(name) && !name.startsWith("target"));
  const { graph, gradients } = differentiate(forward, loss, names, operators);
  const b = new GraphBuilder(operators, graph);
  const made = names.map((name) => b.op("Identity", [gradients.get(name)], {}, { outputs: [`gradient/${name}`] }));
  const state = new Map(names.filter((name) => name !== "x").map((name) => [name, `gradient/${name}`]));
  return { graph: b.build([...outputs, ...made]), feeds: d.feeds, state };
}
