import assert from "node:assert/strict";
import { checkGraph } from "../../toolkit/graph/check.ts";
import { GraphBuilder } from "../../toolkit/graph/builder.ts";
import type { Graph, Value } from "../../toolkit/graph/ir.ts";
import { fillNormal } from "../../toolkit/graph/random.ts";
import { float32, int64, scalar, sizeOf } from "../../toolkit/graph/tensor.ts";
import type { TensorData } from "../../toolkit/graph/tensor.ts";
import { lowerWithForms } from "../../toolkit/lowering/lower.ts";
import { repeat, STEPS } from "../../toolkit/lowering/repeat.ts";
import { softmaxCrossEntropy } from "../../toolkit/losses/softmax-cross-entropy.ts";
import { encodeModel } from "../../toolkit/onnx/encode.ts";
import { operators } from "../../toolkit/operators/index.ts";
import { namedOptimizer } from "../../toolkit/optimizers/named-optimizer.ts";
import type { Session, Tensors } from "../../toolkit/runtime/runtime.ts";
import { stackFeeds } from "../../toolkit/train/stack-feeds.ts";
import { buildStep, STEP } from "../../toolkit/train/step.ts";
import type { Step } from "../../toolkit/train/step.ts";
import { machineBlockSize } from "../support/blocked.ts";
import { directRuntime, runGraph } from "../support/run-graph.ts";
import { batchOf, smallClassifier, WEIGHTS } from "../support/small-classifier.ts";

const stepsOf = (count: number): TensorData => ({ ...int64([count]), shape: [] });
const encode = (graph: Graph): Uint8Array => encodeModel({ graph, opsets: new Map([["", 17]]), metadata: new Map() });

/** State `sum` [2] grows by `x` [2] times `rate` []; told are `before` [2], which it was, and `largest` [], which it is. Both read a constant. */
function counter(): { graph: Graph; state: ReadonlyMap<string, string> } {
  const b = new GraphBuilder(operators);
  const [x, rate, sum] = [b.input("x", "float32", [2]), b.input("rate", "float32", []), b.input("sum", "float32", [2])];
  const one = b.constant(float32([2], [1, 1]), "one");
  const next = b.op("Add", [sum, b.op("Mul", [x, rate])], {}, { outputs: ["sum-next"] });
  const before = b.op("Add", [sum, one], {}, { outputs: ["before"] });
  const largest = b.op("ReduceMax", [b.op("Add", [next, one])], { keepdims: 0 }, { outputs: ["largest"] });
  return { graph: b.build([before, next, largest]), state: new Map([["sum", "sum-next"]]) };
}

function network(): Graph {
  const b = new GraphBuilder(operators);
  const weight = (name: string, shape: readonly number[]): Value =>
    b.constant(float32(shape, fillNormal(sizeOf(shape), 1, name.length, 0, 0.2)), name);
  const x = b.input("x", "float32", [3, 3, 8, 8]);
  const stem = b.op("Relu", [b.op("Conv", [x, weight("stem", [16, 3, 3, 3])], { pads: [1, 1, 1, 1] })]);
  const deep = b.op("Relu", [b.op("Conv", [stem, weight("deep", [16, 16, 3, 3])], { strides: [2, 2] })]);
  const features = b.op("Flatten", [b.op("GlobalAveragePool", [deep])]);
  return b.build([b.op("Gemm", [features, weight("head", [16, 4])], {}, { outputs: ["logits"] })]);
}

function networkFeeds(number: number): Tensors {
  const target = new Float32Array(12);
  for (let row = 0; row < 3; row++) target[row * 4 + ((row + number) % 4)] = 1;
  return new Map([
    ["x", float32([3, 3, 8, 8], fillNormal(576, 2, number))],
    [STEP.target, float32([3, 4], target)],
    [STEP.weight, float32([3], [1, 1, 1])],
    [STEP.divisor, scalar(3)],
    [STEP.rate, scalar(0.1 / (number + 1))],
  ]);
}

function stepOf(graph: Graph, parameters: readonly string[]): Step {
  const optimizer = namedOptimizer("adam");
  return buildStep(graph, { parameters, logits: "logits", loss: softmaxCrossEntropy(), optimizer }, operators);
}

interface Outcome {
  readonly state: Tensors;
  readonly losses: readonly number[];
  readonly logits: readonly number[];
}

const FETCH = [STEP.loss, "logits"];

/** Makes the steps of all feeds, `together` in a run; without it each in a run of the step as it is. */
async function made(step: Step, feeds: readonly Tensors[], blockSize: number, together?: number): Promise<Outcome> {
  const { graph, layouts } = lowerWithForms(step.graph, {
    provider: "cpu",
    dims: new Map(),
    blockSize,
    state: step.state,
  });
  const model = encode(together === undefined ? graph : checkGraph(repeat(graph, step.state)));
  const session: Session = await directRuntime.load(model, { state: step.state, layouts, blockSize });
  const losses: number[] = [];
  const logits: number[] = [];
  try {
    await session.set(step.initial);
    for (let i = 0; i < feeds.length; i += together ?? 1) {
      const group = feeds.slice(i, i + (together ?? 1));
      const out = await session.run({ feeds: together === undefined ? group[0]! : stackFeeds(group), fetch: FETCH });
      losses.push(...Array.from(out.get(STEP.loss)?.data ?? [], Number));
      logits.push(...Array.from(out.get("logits")?.data ?? [], Number));
    }
    return { state: await session.get([...step.state.keys()]), losses, logits };
  } finally {
    await session.release();
  }
}

describe("lowering/repeat", () => {
  it("repeat() gives what each step tells one after the other, and the state the last one leaves", async () => {
    const { graph, state } = counter();
    const repeated = checkGraph(repeat(graph, state));
    const out = await runGraph(
      repeated,
      new Map([
        [STEPS, stepsOf(3)],
        ["x", float32([3, 2], [1, 2, 3, 4, 5, 6])],
        ["rate", float32([3], [1, 10, 100])],
        ["sum", float32([2], [0, 1])],
      ]),
    );
    assert.deepEqual([...(out.get("sum-next")?.data ?? [])], [531, 643]);
    assert.deepEqual(out.get("before"), float32([3, 2], [1, 2, 2, 4, 32, 44]));
    assert.deepEqual(out.get("largest"), float32([3], [4, 44, 644]));
  });

  it("repeat() keeps the state's names and types, gives everything else a first axis, and changes nothing it is given", () => {
    const { graph, state } = counter();
    const text = JSON.stringify(graph.nodes);
    const repeated = repeat(graph, state);
    const shapes = (values: readonly Value[]): unknown => Object.fromEntries(values.map((v) => [v.name, v.shape]));
    assert.deepEqual(shapes(repeated.inputs), { [STEPS]: [], x: ["steps", 2], rate: ["steps"], sum: [2] });
    assert.deepEqual(shapes(repeated.outputs), { "sum-next": [2], before: ["steps", 2], largest: ["steps"] });
    assert.deepEqual(
      repeated.nodes.map(({ op }) => op),
      ["Loop"],
    );
    assert.equal(JSON.stringify(graph.nodes), text);
  });

  it("repeat() of no steps leaves the state", async () => {
    const { graph, state } = counter();
    const out = await runGraph(
      repeat(graph, state),
      new Map([
        [STEPS, stepsOf(0)],
        ["x", float32([0, 2], [])],
        ["rate", float32([0], [])],
        ["sum", float32([2], [7, 8])],
      ]),
    );
    assert.deepEqual([...(out.get("sum-next")?.data ?? [])], [7, 8]);
  });

  const dense = stepOf(smallClassifier(), WEIGHTS);
  const feeds = Array.from(
    { length: 6 },
    (_, i): Tensors => new Map([...batchOf(4 * i, 4 * i + 4), [STEP.rate, scalar(0.1 / (i + 1))]]),
  );
  for (const together of [1, 2, 3, 6]) {
    it(`repeat() makes ${together} steps of a training step in a run to the same bits as one at a time`, async () => {
      const single = await made(dense, feeds, 0);
      assert.equal(single.losses.length, feeds.length);
      assert.equal(new Set(single.losses).size, feeds.length);
      assert.deepEqual(await made(dense, feeds, 0, together), single);
    });
  }

  it("repeat() makes them so where the state lies in blocks", async function () {
    const block = await machineBlockSize();
    if (block === 0) this.skip();
    const step = stepOf(network(), ["stem", "deep", "head"]);
    const batches = Array.from({ length: 3 }, (_, i) => networkFeeds(i));
    const single = await made(step, batches, block);
    assert.notDeepEqual(single.state.get("deep"), step.initial.get("deep"));
    assert.deepEqual(await made(step, batches, block, 1), single);
    assert.deepEqual(await made(step, batches, block, 3), single);
  });
});
