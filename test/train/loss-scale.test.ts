import assert from "node:assert/strict";
import { smallCnn } from "../../models/small-cnn.ts";
import { checkGraph } from "../../toolkit/graph/check.ts";
import { fillNormal } from "../../toolkit/graph/random.ts";
import { float32, scalar, sizeOf, toNumbers } from "../../toolkit/graph/tensor.ts";
import type { TensorData } from "../../toolkit/graph/tensor.ts";
import { lower } from "../../toolkit/lowering/lower.ts";
import { softmaxCrossEntropy } from "../../toolkit/losses/softmax-cross-entropy.ts";
import { encodeModel } from "../../toolkit/onnx/encode.ts";
import { operators } from "../../toolkit/operators/index.ts";
import { namedOptimizer } from "../../toolkit/optimizers/named-optimizer.ts";
import { batchNormTraining } from "../../toolkit/passes/batch-norm-training.ts";
import { parametersOf } from "../../toolkit/passes/parameters.ts";
import type { Session, Tensors } from "../../toolkit/runtime/runtime.ts";
import { oneHot } from "../../toolkit/train/batch.ts";
import { LOSS_SCALE } from "../../toolkit/train/loss-scale.ts";
import { measureStep } from "../../toolkit/train/measure-step.ts";
import { guardStep } from "../../toolkit/train/nan-guard.ts";
import { buildStep, STEP } from "../../toolkit/train/step.ts";
import type { Step, StepSettings } from "../../toolkit/train/step.ts";
import { smallGraph } from "../passes/small-graph.ts";
import { directRuntime } from "../support/run-graph.ts";

const ROWS = 8;
const CLASSES = 3;
const SIDE = 16;
/** float16 rounds to 11 bits, 5e-4 of a number; behind seven layers and their gradients that may have added up to some percent. */
const HALF_DIGITS = 0.03;

const network = batchNormTraining(smallCnn({ classes: CLASSES, sizePx: SIDE, batchNorm: true, seed: 2 }));
const parameters = parametersOf(network.graph);

function stepOf(more: Partial<StepSettings> = {}): Step {
  const step = buildStep(
    network.graph,
    {
      parameters,
      logits: "logits",
      loss: softmaxCrossEntropy(),
      optimizer: namedOptimizer("sgd", { momentum: 0.9 }),
      statistics: network.statistics,
      ...more,
    },
    operators,
  );
  checkGraph(step.graph);
  return step;
}

async function load(step: Step): Promise<Session> {
  const dims = new Map([["N", ROWS]]);
  const graph = lower(step.graph, { provider: "cpu", dims });
  const model = encodeModel({ graph, opsets: new Map([["", 17]]), metadata: new Map() });
  const session = await directRuntime.load(model, { state: step.state });
  await session.set(step.initial);
  return session;
}

function batch(scale = 1): Tensors {
  const shape = [ROWS, 3, SIDE, SIDE];
  const labels = Int32Array.from({ length: ROWS }, (_, i) => i % CLASSES);
  const noise = fillNormal(sizeOf(shape), 3, 1);
  const picture = sizeOf(shape.slice(1));
  const data = noise.map((v, i) => scale * (v + (labels[Math.floor(i / picture)] ?? 0) - 1));
  return new Map<string, TensorData>([
    ["input", float32(shape, data)],
    [STEP.target, oneHot(labels, CLASSES)],
    [STEP.weight, float32([ROWS], new Float32Array(ROWS).fill(1))],
    [STEP.divisor, scalar(ROWS)],
    [STEP.rate, scalar(0.05)],
  ]);
}

/** The losses of so many steps on one batch, and the state behind them. */
async function followed(step: Step, steps: number): Promise<{ losses: readonly number[]; state: Tensors }> {
  const session = await load(step);
  try {
    const losses: number[] = [];
    for (let i = 0; i < steps; i++) {
      const out = await session.run({ feeds: batch(), fetch: [STEP.loss] });
      losses.push(Number(out.get(STEP.loss)?.data[0]));
    }
    return { losses, state: await session.get([...step.state.keys()]) };
  } finally {
    await session.release();
  }
}

function numberIn(state: Tensors, name: string): number {
  return Number(state.get(name)?.data[0]);
}

/** The gradients of one step. */
async function gradientsOf(step: Step): Promise<Tensors> {
  const measured = measureStep(step, operators);
  const session = await load(measured);
  try {
    const outputs = [...(measured.measured ?? [])];
    const out = await session.run({ feeds: batch(), fetch: outputs.map(([, output]) => output) });
    return new Map(outputs.map(([name, output]) => [name, out.get(output) as TensorData]));
  } finally {
    await session.release();
  }
}

describe("train/loss-scale: steps in mixed precision", () => {
  it("buildStep() computes products in float16 and keeps everything in float32", () => {
    const { graph, state } = stepOf({ precision: "mixed" });
    const products = graph.nodes.filter(({ op }) => op === "Conv" || op === "Gemm");
    assert.ok(products.length >= 8);
    for (const { op, outputs } of products) assert.equal(outputs[0]?.dtype, "float16", op);
    for (const v of graph.inputs) assert.equal(v.dtype, "float32", v.name);
    for (const v of graph.outputs) assert.equal(v.dtype, "float32", v.name);
    for (const name of Object.values(LOSS_SCALE)) assert.ok(state.has(name), name);
  });

  it("the loss falls as it does in float32", async () => {
    const { losses: single } = await followed(stepOf(), 12);
    const { losses: mixed, state } = await followed(stepOf({ precision: "mixed" }), 12);
    assert.ok((single.at(-1) ?? 1) < 0.3 * (single[0] ?? 0), single.join(" "));
    const [first = 1] = single;
    for (const [i, loss] of mixed.entries()) {
      const gap = Math.abs(loss - (single[i] ?? Number.NaN));
      assert.ok(gap <= HALF_DIGITS * first, `step ${i}: ${loss}, in float32 ${single[i]}`);
    }
    assert.notDeepEqual(mixed, single);
    assert.equal(numberIn(state, LOSS_SCALE.scale), 2 ** 16);
    assert.equal(numberIn(state, LOSS_SCALE.finite), 12);
  });

  it("the gradients are those of float32, to float16's digits, whatever the scale", async () => {
    const expected = await gradientsOf(stepOf());
    for (const start of [2 ** 8, 2 ** 12]) {
      const actual = await gradientsOf(stepOf({ precision: "mixed", lossScale: { start } }));
      const whole = Math.hypot(...[...expected.values()].flatMap((t) => toNumbers(t)));
      for (const [name, t] of expected) {
        const values = toNumbers(actual.get(name) as TensorData);
        const apart = Math.hypot(...toNumbers(t).map((v, i) => v - (values[i] ?? Number.NaN)));
        // a bias before a norm has the gradient 0, of which only rounding is left
        const allowed = HALF_DIGITS * Math.max(Math.hypot(...toNumbers(t)), 0.1 * whole);
        assert.ok(apart <= allowed, `${name}: ${apart}, allowed is ${allowed} at a scale of ${start}`);
      }
    }
  });

  it("the gradient is the slope of float32's loss along itself", async () => {
    const step = stepOf({ precision: "mixed" });
    const gradients = await gradientsOf(step);
    const size = Math.hypot(...[...gradients.values()].flatMap((t) => toNumbers(t)));
    const session = await load(stepOf());
    const lossAt = async (distance: number): Promise<number> => {
      const moved = [...gradients].map(([name, g]): [string, TensorData] => {
        const start = toNumbers(step.initial.get(name) as TensorData);
        const by = toNumbers(g).map((v) => (v / size) * distance);
        return [
          name,
          float32(
            g.shape,
            start.map((v, i) => v + (by[i] ?? 0)),
          ),
        ];
      });
      await session.set(new Map([...step.initial, ...moved]));
      const out = await session.run({ feeds: batch(), fetch: [STEP.loss] });
      return Number(out.get(STEP.loss)?.data[0]);
    };
    const reach = 1e-3;
    const slope = ((await lossAt(reach)) - (await lossAt(-reach))) / (2 * reach);
    await session.release();
    assert.ok(Math.abs(slope - size) <= HALF_DIGITS * size, `the slope is ${slope}, the gradient ${size} long`);
  });

  it("a step whose gradients overflow changes nothing but the scale, which is halved until they do not", async () => {
    const step = stepOf({ precision: "mixed", lossScale: { start: 2 ** 24 } });
    const session = await load(step);
    const names = [...step.state.keys()];
    const scales = Object.values<string>(LOSS_SCALE);
    let before = await session.get(names);
    let skipped = 0;
    for (let scale = 2 ** 24; ; skipped++) {
      await session.run({ feeds: batch(), fetch: [STEP.loss] });
      const after = await session.get(names);
      if (numberIn(after, LOSS_SCALE.scale) === scale) break;
      scale /= 2;
      assert.equal(numberIn(after, LOSS_SCALE.scale), scale);
      assert.equal(numberIn(after, LOSS_SCALE.finite), 0);
      for (const name of names)
        if (!scales.includes(name)) assert.deepEqual(after.get(name)?.data, before.get(name)?.data, name);
      before = after;
    }
    const last = await session.get(names);
    await session.release();
    assert.ok(skipped >= 2, `${skipped} steps overflowed`);
    for (const name of parameters) assert.notDeepEqual(last.get(name)?.data, before.get(name)?.data, name);
    assert.equal(numberIn(last, LOSS_SCALE.finite), 1);
  });

  it("the scale is doubled after so many finite steps", async () => {
    const { state } = await followed(stepOf({ precision: "mixed", lossScale: { start: 128, growEvery: 2 } }), 5);
    assert.equal(numberIn(state, LOSS_SCALE.scale), 512);
    assert.equal(numberIn(state, LOSS_SCALE.finite), 1);
  });

  it("master weights take in updates that float16 would round away", async () => {
    const graph = smallGraph([1, 1], (b, x) => {
      const w = b.constant(float32([1, 1], [1]), "w");
      return [b.op("Gemm", [x, w], { transB: 1 }, { outputs: ["logits"] })];
    });
    const step = buildStep(
      graph,
      {
        parameters: ["w"],
        logits: "logits",
        loss: { name: "sum", emit: ({ b, logits }) => b.op("ReduceSum", [logits], { keepdims: 0 }) },
        optimizer: namedOptimizer("sgd", { momentum: 0 }),
        precision: "mixed",
        lossScale: { start: 1024 },
      },
      operators,
    );
    const session = await load(step);
    const feeds = new Map<string, TensorData>([
      ["x", float32([1, 1], [1])],
      [STEP.target, float32([1, 1], [0])],
      [STEP.weight, float32([1], [1])],
      [STEP.divisor, scalar(1)],
      // a fifth of the distance between 1 and the number before it in float16
      [STEP.rate, scalar(1e-4)],
    ]);
    for (let i = 0; i < 10; i++) await session.run({ feeds, fetch: [STEP.loss] });
    const w = numberIn(await session.get(["w"]), "w");
    await session.release();
    assert.ok(Math.abs(w - 0.999) < 1e-6, `${w}`);
  });

  it("a guarded step is one that was made, even where its gradients overflowed", async () => {
    const step = guardStep(stepOf({ precision: "mixed", lossScale: { start: 2 ** 24 } }), operators);
    const session = await load(step);
    const out = await session.run({ feeds: batch(), fetch: [step.finite ?? ""] });
    const state = await session.get([LOSS_SCALE.scale]);
    await session.release();
    assert.equal(numberIn(out, step.finite ?? ""), 1);
    assert.equal(numberIn(state, LOSS_SCALE.scale), 2 ** 23);
  });

  it("buildStep() refuses sharpness and scales that are none", () => {
    assert.throws(() => stepOf({ precision: "mixed", sharpness: 0.05 }), { code: "E_SETTING", message: /sharpness/ });
    assert.throws(() => stepOf({ precision: "mixed", lossScale: { start: 0 } }), { code: "E_SETTING" });
    assert.throws(() => stepOf({ precision: "mixed", lossScale: { growEvery: 0.5 } }), { code: "E_SETTING" });
  });
});
