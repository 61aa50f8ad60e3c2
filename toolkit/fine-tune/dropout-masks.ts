import { fillUniform, hash } from "../graph/random.ts";
import type { TensorData } from "../graph/tensor.ts";
import type { DropoutMask } from "../passes/training-dropout.ts";
import type { Tensors } from "../runtime/runtime.ts";

/** Keeps the masks' random numbers apart from those of the order and of the augmentation. */
const STREAM = 0xd409;

/** The masks of a step, [rows,...] each: 0 with probability `ratio`, else 1 / (1 - ratio). They depend on the seed and the step alone. */
export function dropoutMasks(masks: readonly DropoutMask[], rows: number, seed: number): (step: number) => Tensors {
  return (step) => new Map(masks.map((mask, i) => [mask.input.name, maskFor(mask, rows, hash(seed, STREAM, i), step)]));
}

function maskFor({ input, ratio }: DropoutMask, rows: number, seed: number, step: number): TensorData {
  const shape = input.shape.map((dim, i) => (typeof dim === "number" ? dim : i === 0 ? rows : 1));
  const length = shape.reduce((product, dim) => product * dim, 1);
  const data = fillUniform(length, seed, step).map((u) => (u < ratio ? 0 : 1 / (1 - ratio)));
  return { dtype: "float32", shape, data };
}
