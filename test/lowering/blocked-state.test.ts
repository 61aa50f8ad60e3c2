import assert from "node:assert/strict";
import { GraphBuilder } from "../../toolkit/graph/builder.ts";
import type { Graph, Value } from "../../toolkit/graph/ir.ts";
import { fillNormal } from "../../toolkit/graph/random.ts";
import { float32, scalar, sizeOf, toNumbers } from "../../toolkit/graph/tensor.ts";
import type { TensorData } from "../../toolkit/graph/tensor.ts";
import { checkLayouts } from "../../toolkit/lowering/check-layouts.ts";
import { lower, lowerWithForms } from "../../toolkit/lowering/lower.ts";
import { softmaxCrossEntropy } from "../../toolkit/losses/softmax-cross-entropy.ts";
import { encodeModel } from "../../toolkit/onnx/encode.ts";
import { operators } from "../../toolkit/operators/index.ts";
import { namedOptimizer } from "../../toolkit/optimizers/named-optimizer.ts";
import type { Session, Tensors } from "../../toolkit/runtime/runtime.ts";
import { oneHot } from "../../toolkit/train/batch.ts";
import { decodeCheckpoint, encodeCheckpoint } from "../../toolkit/train/checkpoint.ts";
import { buildStep, constantsAsInputs, STEP } from "../../toolkit/train/step.ts";
import type { Step } from "../../toolkit/train/step.ts";
import { norm } from "../goldens/relative-error.ts";
import { machineBlockSize } from "../support/blocked.ts";
import { directRuntime } from "../support/run-graph.ts";

const ROWS = 3;
const CLASSES = 4;
const PICTURE = [ROWS, 3, 9, 8];
/** Weights whose filters fill blocks of either size; the others never do. */
const FILTERS = ["stem", "middle", "depthwise", "skip"];
const OTHERS = ["bias", "narrow", "head"];

function network(): Graph {
  const b = new GraphBuilder(operators);
  const weight = (name: string, shape: readonly number[]): Value => {
    const scale = 1 / Math.sqrt(sizeOf(shape.slice(1)));
    const numbers = fillNormal(sizeOf(shape), 1, name.length).map((v) => v * scale);
    return b.constant(float32(shape, numbers), name);
  };
  const x = b.input("x", "float32", PICTURE);
  const pads = [1, 1, 1, 1];
  const stem = b.op("Relu", [b.op("Conv", [x, weight("stem", [16, 3, 3, 3]), weight("bias", [16])], { pads })]);
  const pool = b.op("MaxPool", [stem], { kernel_shape: [3, 3], strides: [2, 2], pads });
  const middle = b.op("Conv", [pool, weight("middle", [32, 16, 3, 3])], { pads, strides: [2, 2] });
  const deep = b.op("Conv", [b.op("Relu", [middle]), weight("depthwise", [32, 1, 3, 3])], { pads, group: 32 });
  const sum = b.op("Add", [deep, b.op("Conv", [pool, weight("skip", [32, 16, 1, 1])], { strides: [2, 2] })]);
  const narrow = b.op("Conv", [b.op("Relu", [sum]), weight("narrow", [6, 32, 1, 1])]);
  const features = b.op("Flatten", [b.op("GlobalAveragePool", [narrow])]);
  return b.build([b.op("Gemm", [features, weight("head", [6, CLASSES])], {}, { outputs: ["logits"] })]);
}

function trainingStep(): Step {
  return buildStep(
    network(),
    {
      parameters: [...FILTERS, ...OTHERS],
      logits: "logits",
      loss: softmaxCrossEntropy(),
      optimizer: namedOptimizer("sgd", { momentum: 0.9 }),
      averageDecay: 0.5,
    },
    operators,
  );
}

function batch(number: number): Tensors {
  return new Map<string, TensorData>([
    ["x", float32(PICTURE, fillNormal(sizeOf(PICTURE), 2, number))],
    [
      STEP.target,
      oneHot(
        Int32Array.from({ length: ROWS }, (_, i) => (i + number) % CLASSES),
        CLASSES,
      ),
    ],
    [STEP.weight, float32([ROWS], new Float32Array(ROWS).fill(1))],
    [STEP.divisor, scalar(ROWS)],
    [STEP.rate, scalar(0.5)],
  ]);
}

const encode = (graph: Graph): Uint8Array => encodeModel({ graph, opsets: new Map([["", 17]]), metadata: new Map() });
const EVALUATE = "evaluate";

describe("lowering: state that lies blocked", () => {
  const step = trainingStep();
  const names = [...step.state.keys()];
  const open: Session[] = [];
  let block = 0;

  /** A session that holds the step and an evaluation program, in blocks of `blockSize` or plain, with this state. */
  async function start(blockSize: number, state: Tensors = step.initial): Promise<Session> {
    const target = { provider: "cpu", dims: new Map<string, number>(), blockSize } as const;
    const lowered = lowerWithForms(step.graph, { ...target, state: step.state });
    checkLayouts(lowered.graph, { layouts: lowered.layouts, state: step.state });
    const session = await directRuntime.load(encode(lowered.graph), {
      state: step.state,
      layouts: lowered.layouts,
      blockSize,
    });
    open.push(session);
    const { graph: forward } = constantsAsInputs(network(), step.parameters);
    const evaluation = lower(forward, { ...target, layouts: lowered.layouts });
    checkLayouts(evaluation, { layouts: lowered.layouts });
    await session.add(EVALUATE, encode(evaluation));
    await session.set(state);
    return session;
  }

  async function run(session: Session, ...batches: readonly number[]): Promise<void> {
    for (const number of batches) await session.run({ feeds: batch(number), fetch: [STEP.loss] });
  }

  async function logits(session: Session): Promise<TensorData> {
    const feeds = new Map([["x", batch(9).get("x") as TensorData]]);
    const out = await session.run({ program: EVALUATE, feeds, fetch: ["logits"] });
    return out.get("logits") as TensorData;
  }

  before(async function () {
    block = await machineBlockSize();
    if (block === 0) this.skip();
  });
  afterEach(async () => {
    for (const session of open.splice(0)) await session.release();
  });

  it("is that of the filters, with their momentum and averages", () => {
    const { layouts } = lowerWithForms(step.graph, {
      provider: "cpu",
      dims: new Map(),
      blockSize: block,
      state: step.state,
    });
    const laid = FILTERS.flatMap((name) => [name, `step/momentum/${name}`, `step/average/${name}`]);
    assert.deepEqual([...layouts.keys()].toSorted(), laid.toSorted());
    assert.deepEqual([...new Set(layouts.values())], ["filter"]);
  });

  it("is set and got plain, and the caller keeps its arrays", async () => {
    const session = await start(block);
    const before = new Map([...step.initial].map(([name, t]) => [name, t.data.slice()]));
    assert.deepEqual(await session.get(names), new Map(names.map((name) => [name, step.initial.get(name)])));
    await run(session, 0, 1);
    for (const [name, t] of step.initial) assert.deepEqual(t.data, before.get(name), name);
  });

  it("is a copy that later steps do not change", async () => {
    const session = await start(block);
    await run(session, 0);
    const got = await session.get(names);
    const before = new Map([...got].map(([name, t]) => [name, t.data.slice()]));
    await run(session, 1, 2);
    for (const [name, t] of got) assert.deepEqual(t.data, before.get(name), name);
    assert.notDeepEqual(await session.get(["middle"]), new Map([["middle", got.get("middle")]]));
  });

  it("comes to what plain state comes to after three steps, and evaluates alike", async () => {
    const [plain, blocked] = [await start(0), await start(block)];
    await run(plain, 0, 1, 2);
    await run(blocked, 0, 1, 2);
    const [expected, actual] = [await plain.get(names), await blocked.get(names)];
    for (const [name, t] of [...expected, ["logits", await logits(plain)] as const]) {
      const found = name === "logits" ? await logits(blocked) : (actual.get(name) as TensorData);
      assert.deepEqual(found.shape, t.shape, name);
      const values = toNumbers(found);
      const apart = norm(toNumbers(t).map((v, i) => v - (values[i] ?? 0)));
      assert.ok(apart <= 1e-5 * norm(toNumbers(t)), `${name}: ${apart} of ${norm(toNumbers(t))}`);
      const first = step.initial.get(name);
      if (first && name !== "bias") assert.notDeepEqual(found.data, first.data, `${name} was trained`);
    }
  });

  it("is evaluated without being changed", async () => {
    const session = await start(block);
    await run(session, 0);
    const before = await session.get(names);
    assert.deepEqual(await logits(session), await logits(session));
    assert.deepEqual(await session.get(names), before);
  });

  it("resumes from a checkpoint to the same bits", async () => {
    const whole = await start(block);
    await run(whole, 0, 1, 2, 3);
    const first = await start(block);
    await run(first, 0, 1);
    const bytes = await encodeCheckpoint({ header: { step: 2 }, tensors: await first.get(names) });
    const second = await start(block, (await decodeCheckpoint(bytes)).tensors);
    await run(second, 2, 3);
    assert.deepEqual(await second.get(names), await whole.get(names));
  });
});
