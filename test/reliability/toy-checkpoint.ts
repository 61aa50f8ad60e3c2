import { fillNormal } from "../../toolkit/graph/random.ts";
import { float32 } from "../../toolkit/graph/tensor.ts";
import type { Checkpoint } from "../../toolkit/train/checkpoint.ts";

/** A checkpoint of a step, of 20 kB, that differs from those of other steps. */
export function toyCheckpoint(step: number): Checkpoint {
  const tensors = new Map([
    ["weight", float32([50, 64], fillNormal(3200, step, 1))],
    ["momentum", float32([32, 50], fillNormal(1600, step, 2))],
  ]);
  return { header: { step }, tensors };
}
