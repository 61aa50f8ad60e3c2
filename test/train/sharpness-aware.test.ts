import assert from "node:assert/strict";
import { GraphBuilder } from "../../toolkit/graph/builder.ts";
import { checkGraph } from "../../toolkit/graph/check.ts";
import type { Graph } from "../../toolkit/graph/ir.ts";
import { float32 } from "../../toolkit/graph/tensor.ts";
import type { Loss } from "../../toolkit/losses/loss.ts";
import { softmaxCrossEntropy } from "../../toolkit/losses/softmax-cross-entropy.ts";
import { lower } from "../../toolkit/lowering/lower.ts";
import { encodeModel } from "../../toolkit/onnx/encode.ts";
import { operators } from "../../toolkit/operators/index.ts";
import { sgd } from "../../toolkit/optimizers/sgd.ts";
import { batchNormTraining } from "../../toolkit/passes/batch-norm-training.ts";
import type { Tensors } from "../../toolkit/runtime/runtime.ts";
import { buildStep, STEP } from "../../toolkit/train/step.ts";
import type { Step, StepSettings } from "../../toolkit/train/step.ts";
import { scalar } from "../../toolkit/graph/tensor.ts";
import { directRuntime } from "../support/run-graph.ts";
import { batchOf, smallClassifier, WEIGHTS } from "../support/small-classifier.ts";

interface After {
  readonly loss: number;
  readonly state: Tensors;
}

/** One step of rate 1 of plain gradient descent, from `start` where it says something else than the graph. */
async function take(step: Step, feeds: Tensors, start: Tensors = new Map()): Promise<After> {
  const graph = checkGraph(lower(step.graph, { provider: "cpu", dims: new Map() }));
  const model = encodeModel({ graph, opsets: new Map([["", 17]]), metadata: new Map() });
  const session = await directRuntime.load(model, { state: step.state });
  await session.set(new Map([...step.initial, ...start]));
  const out = await session.run({ feeds: new Map([...feeds, [STEP.rate, scalar(1)]]), fetch: [STEP.loss] });
  const state = await session.get([...step.state.keys()]);
  await session.release();
  return { loss: Number(out.get(STEP.loss)?.data[0]), state };
}

function numbersOf(state: Tensors, name: string): readonly number[] {
  return Array.from(state.get(name)?.data as Float32Array);
}

function classifierStep(graph: Graph, settings: Partial<StepSettings>, parameters = WEIGHTS): Step {
  const fixed = { parameters, logits: "logits", loss: softmaxCrossEntropy(), optimizer: sgd() };
  return buildStep(graph, { ...fixed, ...settings }, operators);
}

describe("train/sharpness-aware", () => {
  it("buildStep() with sharpness follows a case worked out by hand", async () => {
    // loss |w|^2 / 2: the gradient at w = (3, 4) is w with norm 5; 0.5 uphill w is 1.1 w, and so is the gradient there
    const b = new GraphBuilder(operators);
    const w = b.constant(float32([1, 2], [3, 4]), "w");
    const logits = b.op("Mul", [b.input("one", "float32", [1, 2]), w], {}, { outputs: ["logits"] });
    const half: Loss = {
      name: "half-square",
      emit: (x) =>
        x.b.op("ReduceSum", [x.b.op("Mul", [x.b.op("Mul", [x.logits, x.logits]), x.b.scalar(0.5)])], { keepdims: 0 }),
    };
    const settings = { parameters: ["w"], logits: "logits", loss: half, optimizer: sgd(), sharpness: 0.5 };
    const step = buildStep(b.build([logits]), settings, operators);
    const feeds = new Map([
      ["one", float32([1, 2], [1, 1])],
      [STEP.target, float32([1, 2], [0, 0])],
      [STEP.weight, float32([1], [1])],
      [STEP.divisor, scalar(1)],
    ]);
    const { loss, state } = await take(step, feeds);
    // the loss that is told is the one at w
    assert.equal(loss, 12.5);
    for (const [i, v] of [-0.3, -0.4].entries()) {
      assert.ok(Math.abs((numbersOf(state, "w")[i] ?? Number.NaN) - v) < 1e-6, numbersOf(state, "w").join());
    }
  });

  it("buildStep() with sharpness is two plain passes, the second 0.3 uphill", async () => {
    const batch = batchOf(0, 6);
    const plain = classifierStep(smallClassifier(), {});
    const gradientAt = async (start: Tensors): Promise<ReadonlyMap<string, readonly number[]>> => {
      const { state } = await take(plain, batch, start);
      return new Map(WEIGHTS.map((n) => [n, numbersOf(start, n).map((v, i) => v - (numbersOf(state, n)[i] ?? 0))]));
    };
    const first = await gradientAt(plain.initial);
    const norm = Math.hypot(...[...first.values()].flat());
    const uphill = new Map(
      [...first].map(([n, g]) => {
        const values = numbersOf(plain.initial, n).map((v, i) => v + (0.3 * (g[i] ?? 0)) / norm);
        return [n, float32(plain.initial.get(n)?.shape ?? [], values)] as const;
      }),
    );
    const second = await gradientAt(uphill);
    const { loss, state } = await take(classifierStep(smallClassifier(), { sharpness: 0.3 }), batch);
    assert.equal(loss, (await take(plain, batch)).loss);
    let gap = 0;
    let between = 0;
    for (const [n, g] of second) {
      for (const [i, v] of g.entries()) {
        const ours = (numbersOf(plain.initial, n)[i] ?? 0) - (numbersOf(state, n)[i] ?? 0);
        gap = Math.max(gap, Math.abs(ours - v));
        between = Math.max(between, Math.abs(v - (first.get(n)?.[i] ?? 0)));
      }
    }
    assert.ok(gap < 1e-6, `${gap}`);
    assert.ok(between > 1e-2, "the two passes differ by more than rounding");
  });

  it("running statistics are those of the first pass", async () => {
    const { graph, statistics } = batchNormTraining(smallClassifier({ batchNorm: true }));
    const batch = batchOf(0, 6);
    const names = [...WEIGHTS, "scale", "shift"];
    const plain = await take(classifierStep(graph, { statistics }, names), batch);
    const sharp = await take(classifierStep(graph, { statistics, sharpness: 0.3 }, names), batch);
    for (const name of ["mean", "variance"]) assert.deepEqual(sharp.state.get(name), plain.state.get(name), name);
    assert.notDeepEqual(numbersOf(sharp.state, "w1"), numbersOf(plain.state, "w1"));
  });

  it("buildStep() refuses a distance that is no number of 0 or more", () => {
    for (const sharpness of [-0.1, Number.NaN, Infinity]) {
      assert.throws(() => classifierStep(smallClassifier(), { sharpness }), { code: "E_SETTING" });
    }
  });
});
