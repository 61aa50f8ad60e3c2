import { GraphBuilder } from "../../toolkit/graph/builder.ts";
import type { Graph } from "../../toolkit/graph/ir.ts";
import { fillNormal, uniform } from "../../toolkit/graph/random.ts";
import { float32, scalar, sizeOf } from "../../toolkit/graph/tensor.ts";
import type { TensorData } from "../../toolkit/graph/tensor.ts";
import { operators } from "../../toolkit/operators/index.ts";
import type { Session, Tensors } from "../../toolkit/runtime/runtime.ts";
import { oneHot } from "../../toolkit/train/batch.ts";
import { STEP } from "../../toolkit/train/step.ts";

const FEATURES = 4;
const HIDDEN = 6;
const CLASSES = 3;

/** Two dense layers, `x` [N,4] to "logits" [N,3], in which the first may be followed by BatchNormalization. */
export function smallClassifier({ batchNorm = false }: { batchNorm?: boolean } = {}): Graph {
  const b = new GraphBuilder(operators);
  const random = (name: string, shape: readonly number[], stream: number): ReturnType<typeof b.constant> =>
    b.constant(float32(shape, fillNormal(sizeOf(shape), 5, stream, 0, 0.6)), name);
  const x = b.input("x", "float32", ["N", FEATURES]);
  const dense = b.op("Gemm", [x, random("w1", [HIDDEN, FEATURES], 1), random("b1", [HIDDEN], 2)], { transB: 1 });
  const hidden = batchNorm
    ? b.op("BatchNormalization", [
        dense,
        b.constant(float32([HIDDEN], new Float32Array(HIDDEN).fill(1)), "scale"),
        b.constant(float32([HIDDEN], new Float32Array(HIDDEN)), "shift"),
        b.constant(float32([HIDDEN], new Float32Array(HIDDEN)), "mean"),
        b.constant(float32([HIDDEN], new Float32Array(HIDDEN).fill(1)), "variance"),
      ])
    : dense;
  const logits = b.op(
    "Gemm",
    [b.op("Tanh", [hidden]), random("w2", [CLASSES, HIDDEN], 3), random("b2", [CLASSES], 4)],
    { transB: 1 },
    { outputs: ["logits"] },
  );
  return b.build([logits]);
}

/** Its weights without BatchNormalization. */
export const WEIGHTS: readonly string[] = ["w1", "b1", "w2", "b2"];

/** Sample `i` of a made-up data set. */
function sampleAt(i: number): { readonly x: Float32Array; readonly label: number } {
  return { x: fillNormal(FEATURES, 11, i), label: Math.floor(uniform(12, 0, i) * CLASSES) };
}

/** The batch of samples `from` to `to`, with rows of weight 0 behind it up to `size`. */
export function batchOf(from: number, to: number, size: number = to - from): Tensors {
  const x = new Float32Array(size * FEATURES);
  const labels = new Int32Array(size);
  const weight = new Float32Array(size);
  for (let row = 0; row < to - from; row++) {
    const sample = sampleAt(from + row);
    x.set(sample.x, row * FEATURES);
    labels[row] = sample.label;
    weight[row] = 1;
  }
  return new Map<string, TensorData>([
    ["x", float32([size, FEATURES], x)],
    [STEP.target, oneHot(labels, CLASSES)],
    [STEP.weight, float32([size], weight)],
    [STEP.divisor, scalar(to - from)],
  ]);
}

/** Runs the step on each batch. */
export async function runBatches(session: Session, batches: readonly Tensors[], rate: number): Promise<void> {
  for (const batch of batches) {
    await session.run({ feeds: new Map([...batch, [STEP.rate, scalar(rate)]]), fetch: [STEP.loss] });
  }
}
