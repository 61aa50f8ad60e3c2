import assert from "node:assert/strict";
import { lower } from "../../toolkit/lowering/lower.ts";
import { repeat } from "../../toolkit/lowering/repeat.ts";
import { softmaxCrossEntropy } from "../../toolkit/losses/softmax-cross-entropy.ts";
import { encodeModel } from "../../toolkit/onnx/encode.ts";
import { operators } from "../../toolkit/operators/index.ts";
import { namedOptimizer } from "../../toolkit/optimizers/named-optimizer.ts";
import type { NamedOptimizer } from "../../toolkit/optimizers/named-optimizer.ts";
import type { Session } from "../../toolkit/runtime/runtime.ts";
import type { TrainBatch } from "../../toolkit/train/batch.ts";
import { findRate, judgeRates } from "../../toolkit/train/rate-finder.ts";
import type { RateStep, RateTest, RateTestOptions } from "../../toolkit/train/rate-finder.ts";
import { buildStep } from "../../toolkit/train/step.ts";
import type { Step } from "../../toolkit/train/step.ts";
import { directRuntime } from "../support/run-graph.ts";
import { batchOf, smallClassifier, WEIGHTS } from "../support/small-classifier.ts";

const ROWS = 8;
const PER_EPOCH = 3;

async function* batches(epoch: number, position: number): AsyncGenerator<TrainBatch> {
  for (let i = position / ROWS; i < PER_EPOCH; i++) {
    const from = (i + epoch) * ROWS;
    const x = batchOf(from, from + ROWS).get("x");
    const target = batchOf(from, from + ROWS).get("step/target")?.data as Float32Array;
    yield {
      inputs: new Map(x ? [["x", x]] : []),
      labels: Int32Array.from({ length: ROWS }, (_, row) => target.subarray(row * 3, row * 3 + 3).indexOf(1)),
      weight: new Float32Array(ROWS).fill(1),
      count: ROWS,
      indices: new Int32Array(ROWS),
      position: (i + 1) * ROWS,
    };
  }
}

async function open(optimizer: NamedOptimizer): Promise<{ session: Session; step: Step }> {
  const settings = { parameters: WEIGHTS, logits: "logits", loss: softmaxCrossEntropy(), averageDecay: 0.9 };
  const step = buildStep(smallClassifier(), { ...settings, optimizer: namedOptimizer(optimizer, {}) }, operators);
  const graph = repeat(lower(step.graph, { provider: "cpu", dims: new Map() }), step.state);
  const session = await directRuntime.load(encodeModel({ graph, opsets: new Map([["", 17]]), metadata: new Map() }), {
    state: step.state,
  });
  await session.set(step.initial);
  return { session, step };
}

async function test(options: Partial<RateTestOptions>, stopAt = Infinity): Promise<RateTest | undefined> {
  const run = findRate({
    logits: "logits",
    classes: 3,
    batches,
    stepsPerEpoch: PER_EPOCH,
    state: [],
    ...(options as Pick<RateTestOptions, "session">),
  });
  let seen = 0;
  let item = await run.next();
  for (; !item.done; item = await run.next()) {
    seen += 1;
    if (seen === stopAt) {
      await run.return(undefined as never);
      return undefined;
    }
  }
  return item.value;
}

describe("train/rate-finder", () => {
  for (const optimizer of ["sgd", "adam"] as const) {
    it(`findRate() finds a rate of ${optimizer}, and puts weights, slots and averages back to the bit`, async () => {
      const { session, step } = await open(optimizer);
      const state = [...step.state.keys()];
      const before = await session.get(state);
      const found = await test({ session, state });
      assert.deepEqual(await session.get(state), before);
      assert.ok(found?.suggestion && found.steepest && found.lowest);
      assert.equal(found.suggestion, found.lowest / 10);
      assert.ok(found.steepest <= found.lowest, `falls fastest at ${found.steepest}, lowest at ${found.lowest}`);
      assert.ok(found.suggestion > 1e-4 && found.suggestion < 1, `suggested ${found.suggestion}`);
      const losses = found.points.map((p) => p.smoothed);
      assert.ok(Math.min(...losses) < 0.9 * (losses[0] ?? 0), "the loss falls meanwhile");
      await session.release();
    });
  }

  it("findRate() tries the rates from one to the other, evenly on a log scale", async () => {
    const { session, step } = await open("sgd");
    const found = await test({ session, state: [...step.state.keys()], from: 1e-5, to: 1e-1, updates: 5 });
    assert.deepEqual(
      found?.points.map((p) => Number(p.rate.toPrecision(6))),
      [1e-5, 1e-4, 1e-3, 1e-2, 1e-1],
    );
    const twice = await test({ session, state: [], from: 1e-5, to: 1e-1, updates: 5, accumulate: 2 });
    assert.deepEqual(
      twice?.points.map((p) => p.rate),
      found?.points.flatMap((p) => [p.rate, p.rate]),
    );
    await session.release();
  });

  it("findRate() ends where the loss explodes", async () => {
    const { session, step } = await open("sgd");
    const found = await test({ session, state: [...step.state.keys()], to: 1e9, updates: 60 });
    const losses = found?.points.map((p) => p.loss) ?? [];
    assert.ok(losses.length < 60 && losses.length > 20, `${losses.length} steps`);
    // the moving average that fastai ends a test by
    let average = 0;
    const averages = losses.map((loss, i) => (average = 0.98 * average + 0.02 * loss) / (1 - 0.98 ** (i + 1)));
    const isTooHigh = averages.map((value, i) => value > 4 * Math.min(...averages.slice(0, i + 1)));
    assert.equal(isTooHigh.indexOf(true), losses.length - 1);
    await session.release();
  });

  it("findRate() puts back what there was where the reader stops", async () => {
    const { session, step } = await open("adam");
    const state = [...step.state.keys()];
    const before = await session.get(state);
    await test({ session, state, from: 0.1, updates: 20 }, 7);
    assert.deepEqual(await session.get(state), before);
    await session.release();
  });

  const TOTAL = 71;
  /** Losses by the rate's power of ten, from -6 to 1. */
  const curve = (loss: (power: number, i: number) => number, count = TOTAL): RateStep[] =>
    Array.from({ length: count }, (_, i) => ({ rate: 10 ** (-6 + i / 10), loss: loss(-6 + i / 10, i) }));
  const powers = ({ steepest = 0, lowest = 0 }: RateTest): number[] => [Math.log10(steepest), Math.log10(lowest)];

  it("judgeRates() suggests nothing where the loss never falls by more than noise", () => {
    const none = { steepest: undefined, lowest: undefined, suggestion: undefined };
    const { points: rising, ...first } = judgeRates(
      curve((_, i) => 1 + i / 100),
      TOTAL,
    );
    const { points: noisy, ...second } = judgeRates(
      curve((_, i) => 1 + (i % 3) / 20),
      TOTAL,
    );
    assert.deepEqual([first, second, rising.length, noisy.length], [none, none, TOTAL, TOTAL]);
  });

  it("judgeRates() finds the steepest point and the lowest of a curve that is known, through noise", () => {
    // falls as a logistic curve around 1e-3, and goes up from 1e-1 on
    const plain = (power: number): number =>
      2 - 1.5 / (1 + Math.exp(-4 * (power + 3))) + 4 * Math.max(0, power + 1) ** 2;
    for (const noise of [0, 0.2]) {
      const [steepest = 0, lowest = 0] = powers(
        judgeRates(
          curve((power, i) => plain(power) + noise * Math.sin(7 * i)),
          TOTAL,
        ),
      );
      assert.ok(Math.abs(steepest + 3) <= 0.21, `steepest at ${steepest}`);
      // five hundredths of the fall are left at 10^-2.26
      assert.ok(Math.abs(lowest + 2.2) <= 0.31, `lowest at ${lowest}`);
    }
  });

  it("judgeRates() takes the lowest of rates at which the loss is near 0, whatever comes behind", () => {
    const falls = (power: number): number => (power < -4 ? 1 : power < -2 ? 1 - (power + 4) / 2 : 0);
    const whole = judgeRates(curve(falls), TOTAL);
    const exploding = judgeRates(
      curve((power) => (power > -0.5 ? 1e6 : falls(power)), 60),
      TOTAL,
    );
    for (const found of [whole, exploding]) {
      const [, lowest = 0] = powers(found);
      assert.ok(lowest >= -2.2 && lowest <= -1.7, `lowest at ${lowest}`);
      assert.equal(found.suggestion, (found.lowest ?? 0) / 10);
    }
  });
});
