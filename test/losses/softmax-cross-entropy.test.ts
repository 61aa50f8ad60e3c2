import assert from "node:assert/strict";
import { errorCode } from "../../toolkit/errors.ts";
import { GraphBuilder } from "../../toolkit/graph/builder.ts";
import { float32, scalar, tensor, toNumbers } from "../../toolkit/graph/tensor.ts";
import type { TensorData } from "../../toolkit/graph/tensor.ts";
import { softmaxCrossEntropy } from "../../toolkit/losses/softmax-cross-entropy.ts";
import type { CrossEntropyOptions } from "../../toolkit/losses/softmax-cross-entropy.ts";
import { operators } from "../../toolkit/operators/index.ts";
import { lossAndGradients } from "../support/loss-graph.ts";
import { THREE_CLASSES, lossSuite } from "../support/loss-suite.ts";

/** -sum_k w_k t_k log p_k of one row, in double precision. */
function rowLoss(logits: readonly number[], target: readonly number[], weights: readonly number[] = [1, 1, 1]): number {
  const log = Math.log(logits.reduce((sum, z) => sum + Math.exp(z), 0));
  return logits.reduce((sum, z, k) => sum - (weights[k] ?? 1) * (target[k] ?? 0) * (z - log), 0);
}

const rows = [
  [0.5, -1, 2],
  [1, 0.25, -0.5],
] as const;
const logits = float32([2, 3], rows.flat());
const ids = (data: readonly number[], shape: readonly number[] = [data.length]): TensorData =>
  tensor("int32", shape, Int32Array.from(data));

async function lossOf(options: CrossEntropyOptions, target: TensorData, weight = [1, 1], z = logits): Promise<number> {
  const divisor = scalar(weight.reduce((sum, w) => sum + w, 0));
  const feeds = { logits: z, target, weight: float32([2], weight), divisor };
  return (await lossAndGradients(softmaxCrossEntropy(options), feeds)).loss;
}

function expectNear(actual: number, expected: number): void {
  assert.ok(Math.abs(actual - expected) < 1e-6, `${actual}, expected ${expected}`);
}

describe("losses/softmax-cross-entropy", () => {
  lossSuite("softmaxCrossEntropy()", softmaxCrossEntropy(), { soft: true });
  lossSuite("softmaxCrossEntropy() with label smoothing", softmaxCrossEntropy({ labelSmoothing: 0.1 }));
  lossSuite("softmaxCrossEntropy() with class weights", softmaxCrossEntropy({ classWeights: [1, 0.5, 2] }), {
    shapes: THREE_CLASSES,
  });
  lossSuite("softmaxCrossEntropy() of ids", softmaxCrossEntropy({ target: "class-ids", labelSmoothing: 0.2 }));

  it("softmaxCrossEntropy() divides by the class weights of soft targets too, or not where told so", async () => {
    const classWeights = [1, 0.5, 2];
    const target = float32([2, 3], [0.5, 0.5, 0, 0, 0, 1]);
    const sum = rowLoss(rows[0], [0.5, 0.5, 0], classWeights) * 3 + rowLoss(rows[1], [0, 0, 1], classWeights);
    expectNear(await lossOf({ classWeights }, target, [3, 1]), sum / (3 * 0.75 + 2));
    expectNear(await lossOf({ classWeights, divideByClassWeights: false }, target, [3, 1]), sum / 4);
  });
  it("softmaxCrossEntropy() of ids equals that of their one-hot rows", async () => {
    const oneHot = float32([2, 3], [0, 0, 1, 1, 0, 0]);
    for (const options of [{}, { labelSmoothing: 0.1 }, { classWeights: [1, 0.5, 2], labelSmoothing: 0.1 }]) {
      expectNear(await lossOf({ ...options, target: "class-ids" }, ids([2, 0])), await lossOf(options, oneHot));
    }
  });
  it("softmaxCrossEntropy() leaves pixels of no class out of the mean", async () => {
    // [2,3,1,2]: two pixels in each picture
    const pixels = [
      [0.5, -1, 2],
      [1, 0.25, -0.5],
      [2, 0, 1],
      [-1, -2, 0.5],
    ] as const;
    const z = float32(
      [2, 3, 1, 2],
      [0, 2].flatMap((p) => [0, 1, 2].flatMap((k) => [pixels[p]?.[k] ?? 0, pixels[p + 1]?.[k] ?? 0])),
    );
    const target = ids([2, 255, -1, 1], [2, 1, 2]);
    const weights = [1, 0.5, 2];
    const plain = (rowLoss(pixels[0], [0, 0, 1]) + rowLoss(pixels[3], [0, 1, 0])) / 2;
    expectNear(await lossOf({ target: "class-ids" }, target, [1, 1], z), plain);
    const weighted = (rowLoss(pixels[0], [0, 0, 1], weights) + rowLoss(pixels[3], [0, 1, 0], weights)) / 2.5;
    expectNear(await lossOf({ target: "class-ids", classWeights: weights }, target, [1, 1], z), weighted);
    expectNear(await lossOf({ target: "class-ids", labelSmoothing: 0.3 }, ids([9, 9, 9, 9], [2, 1, 2]), [1, 1], z), 0);
  });
  it("softmaxCrossEntropy() of logits of hundreds is what it is", async () => {
    const z = float32([2, 3], [300, -300, 0, -1e4, 1e4, 0]);
    const target = float32([2, 3], [0, 1, 0, 0, 1, 0]);
    const feeds = { logits: z, target, weight: float32([2], [1, 1]), divisor: scalar(2) };
    const { loss, gradients } = await lossAndGradients(softmaxCrossEntropy(), feeds);
    expectNear(loss, 300);
    assert.deepEqual(toNumbers(gradients.get("logits") as TensorData), [0.5, -0.5, 0, 0, 0, 0]);
  });
  it("softmaxCrossEntropy() refuses settings out of range", () => {
    const isSetting = (error: unknown): boolean => errorCode(error) === "E_SETTING";
    assert.throws(() => softmaxCrossEntropy({ labelSmoothing: 1.5 }), isSetting);
    assert.throws(() => softmaxCrossEntropy({ labelSmoothing: Number.NaN }), isSetting);
    assert.throws(() => softmaxCrossEntropy({ classWeights: [1, -1] }), isSetting);
  });
  it("softmaxCrossEntropy() refuses class weights of another count, and smoothing over an unknown count", () => {
    const emit = (options: CrossEntropyOptions, classes: number | string): void => {
      const b = new GraphBuilder(operators);
      const z = b.input("logits", "float32", ["N", classes]);
      const target = b.input("target", "float32", ["N", classes]);
      const weight = b.input("weight", "float32", ["N"]);
      softmaxCrossEntropy(options).emit({ b, logits: z, target, weight, divisor: b.scalar(1) });
    };
    assert.throws(() => emit({ classWeights: [1, 2] }, 3), /Cannot use classWeights with 2 numbers: expected 3/);
    assert.throws(
      () => emit({ labelSmoothing: 0.1 }, "K"),
      (error) => errorCode(error) === "E_SHAPE",
    );
  });
});
