import assert from "node:assert/strict";
import { writeStep } from "../../toolkit/fine-tune/formulations.ts";
import { loadableStep } from "../../toolkit/train/loadable-step.ts";
import { GraphBuilder } from "../../toolkit/graph/builder.ts";
import type { Graph, Value } from "../../toolkit/graph/ir.ts";
import { fillNormal } from "../../toolkit/graph/random.ts";
import { float32, scalar, sizeOf } from "../../toolkit/graph/tensor.ts";
import type { TensorData } from "../../toolkit/graph/tensor.ts";
import { softmaxCrossEntropy } from "../../toolkit/losses/softmax-cross-entropy.ts";
import { operators } from "../../toolkit/operators/index.ts";
import { namedOptimizer } from "../../toolkit/optimizers/named-optimizer.ts";
import type { Tensors } from "../../toolkit/runtime/runtime.ts";
import { oneHot } from "../../toolkit/train/batch.ts";
import { MEASURE, measureStep, readNorms } from "../../toolkit/train/measure-step.ts";
import type { ParameterNorms } from "../../toolkit/train/measure-step.ts";
import { guardStep } from "../../toolkit/train/nan-guard.ts";
import { stackFeeds } from "../../toolkit/train/stack-feeds.ts";
import { buildStep, STEP } from "../../toolkit/train/step.ts";
import type { Step, StepSettings } from "../../toolkit/train/step.ts";
import { hasBlocks, machineBlockSize } from "../support/blocked.ts";
import { directRuntime } from "../support/run-graph.ts";

const PARAMETERS = ["stem", "deep", "head"];
const ROWS = 3;
const RATE = 0.1;

/** Two convolutions, of which the second has whole blocks of channels, and a dense layer. */
function network(): Graph {
  const b = new GraphBuilder(operators);
  const weight = (name: string, shape: readonly number[]): Value =>
    b.constant(float32(shape, fillNormal(sizeOf(shape), 1, name.length, 0, 0.2)), name);
  const x = b.input("x", "float32", [ROWS, 3, 8, 8]);
  const stem = b.op("Relu", [b.op("Conv", [x, weight("stem", [16, 3, 3, 3])], { pads: [1, 1, 1, 1] })]);
  const deep = b.op("Relu", [b.op("Conv", [stem, weight("deep", [32, 16, 3, 3])], { strides: [2, 2] })]);
  const features = b.op("Flatten", [b.op("GlobalAveragePool", [deep])]);
  return b.build([b.op("Gemm", [features, weight("head", [32, 4])], {}, { outputs: ["logits"] })]);
}

function stepOf(settings: Partial<StepSettings> = {}): Step {
  const optimizer = namedOptimizer("sgd", { momentum: 0, decay: 0 });
  const common = { parameters: PARAMETERS, logits: "logits", loss: softmaxCrossEntropy(), optimizer };
  return buildStep(network(), { ...common, ...settings }, operators);
}

function feeds(number: number, wanted?: boolean): Tensors {
  const labels = Int32Array.from({ length: ROWS }, (_, row) => (row + number) % 4);
  return new Map<string, TensorData>([
    ["x", float32([ROWS, 3, 8, 8], fillNormal(ROWS * 192, 2, number))],
    [STEP.target, oneHot(labels, 4)],
    [STEP.weight, float32([ROWS], [1, 1, 1])],
    [STEP.divisor, scalar(ROWS)],
    [STEP.rate, scalar(RATE)],
    ...(wanted === undefined
      ? []
      : [[MEASURE.wanted, { dtype: "bool", shape: [], data: Uint8Array.of(wanted ? 1 : 0) }] as const]),
  ]);
}

interface Outcome {
  readonly norms: readonly (readonly ParameterNorms[] | undefined)[];
  readonly weights: Tensors;
}

/** Makes a step for each of `wanted` in one run; without it, the same number of a step that is not measured. */
async function run(step: Step, blockSize: number, wanted: readonly (boolean | undefined)[]): Promise<Outcome> {
  const written = writeStep(step, { provider: "cpu", dims: new Map(), blockSize, operators });
  assert.equal(hasBlocks(written.lowered.graph), blockSize > 0);
  const { model, options } = loadableStep({ step, operators }, written, { provider: "cpu", threads: 1 });
  const session = await directRuntime.load(model, options);
  try {
    await session.set(step.initial);
    const told = step.measured ? [MEASURE.norms] : [];
    const out = await session.run({
      feeds: stackFeeds(wanted.map((flag, i) => feeds(i, flag))),
      fetch: [STEP.loss, ...told],
    });
    const rows = out.get(MEASURE.norms);
    const width = 1 + 3 * PARAMETERS.length;
    const rowAt = (i: number): Float32Array =>
      (rows?.data as Float32Array | undefined)?.subarray(i * width, (i + 1) * width) ?? new Float32Array();
    const norms = rows ? wanted.map((_, i) => readNorms(rowAt(i), PARAMETERS)) : [];
    return { norms, weights: await session.get(PARAMETERS) };
  } finally {
    await session.release();
  }
}

const length = (values: ArrayLike<number>): number => Math.hypot(...Array.from(values));

function close(actual: number | undefined, expected: number, what: string): void {
  assert.ok(expected > 0, `${what}: ${expected}`);
  assert.ok(Math.abs((actual ?? Number.NaN) / expected - 1) < 1e-4, `${what}: ${actual}, expected ${expected}`);
}

describe("train/measure-step", () => {
  const forms = [
    ["plain", async () => 0],
    ["blocked", machineBlockSize],
  ] as const;
  for (const [form, blockSize] of forms) {
    it(`measureStep() takes the norms of gradient, weight and update, ${form}`, async () => {
      const step = measureStep(stepOf(), operators);
      const { norms, weights } = await run(step, await blockSize(), [true]);
      for (const { parameter, gradient, weight, update } of norms[0] ?? []) {
        const before = step.initial.get(parameter)?.data as Float32Array;
        const after = weights.get(parameter)?.data as Float32Array;
        const moved = length(before.map((value, i) => (after[i] ?? 0) - value));
        close(weight, length(before), `weight of ${parameter}`);
        // the difference of two rounded numbers
        assert.ok(Math.abs(update / moved - 1) < 1e-3, `update of ${parameter}`);
        // plain gradient descent adds -rate times the gradient
        assert.ok(Math.abs(gradient / (moved / RATE) - 1) < 1e-3, `gradient of ${parameter}`);
      }
      assert.deepEqual(
        norms[0]?.map(({ parameter }) => parameter),
        PARAMETERS,
      );
    });

    it(`measureStep() leaves the weights as they are to the bit, at whichever steps norms are taken, ${form}`, async () => {
      const optimizer = namedOptimizer("sgd", { momentum: 0.9, decay: 1e-2 });
      const step = measureStep(stepOf({ optimizer }), operators);
      const never = await run(step, await blockSize(), [false, false, false, false]);
      const often = await run(step, await blockSize(), [true, false, true, true]);
      assert.deepEqual(often.weights, never.weights);
      assert.deepEqual(
        often.norms.map((row) => row !== undefined),
        [true, false, true, true],
      );
      assert.notDeepEqual(never.weights.get("deep"), step.initial.get("deep"));
    });
  }

  it("measureStep() leaves the weights as a step that cannot be measured does", async () => {
    const step = stepOf({ optimizer: namedOptimizer("adam") });
    const without = await run(step, 0, [undefined, undefined]);
    assert.deepEqual((await run(measureStep(step, operators), 0, [true, true])).weights, without.weights);
  });

  it("measureStep() takes the gradient as it is before it is clipped, also of a guarded step", async () => {
    const optimizer = namedOptimizer("sgd", { momentum: 0, decay: 0, clipNorm: 1e-3 });
    const step = measureStep(guardStep(stepOf({ optimizer }), operators), operators);
    const [clipped] = (await run(step, 0, [true])).norms;
    const [whole] = (await run(measureStep(stepOf(), operators), 0, [true])).norms;
    for (const [i, { parameter, gradient }] of (whole ?? []).entries())
      close(clipped?.[i]?.gradient, gradient, parameter);
    close(length((clipped ?? []).map(({ update }) => update)), RATE * 1e-3, "update");
  });

  it("measureStep() finds no update where gradients are only collected", async () => {
    const step = measureStep(stepOf({ accumulate: 2 }), operators);
    const { norms } = await run(step, 0, [true, true]);
    assert.deepEqual(
      norms.map((row) => row?.every(({ update }) => update > 0)),
      [false, true],
    );
    assert.ok(norms[0]?.every(({ gradient, update }) => gradient > 0 && update === 0));
  });
});
