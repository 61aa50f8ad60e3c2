import assert from "node:assert/strict";
import { float32 } from "../../toolkit/graph/tensor.ts";
import { adaptiveClip } from "../../toolkit/optimizers/adaptive-clip.ts";
import type { AdaptiveClipOptions } from "../../toolkit/optimizers/adaptive-clip.ts";
import { sgd } from "../../toolkit/optimizers/sgd.ts";
import { chain } from "../../toolkit/optimizers/transform.ts";
import { followOptimizer } from "../support/follow-optimizer.ts";

/** The gradient as it is left, where the parameter is `w`. */
async function clipped(
  shape: readonly number[],
  w: readonly number[],
  g: readonly number[],
  options: AdaptiveClipOptions = {},
  unitAxis = 0,
): Promise<readonly number[]> {
  const [state] = await followOptimizer(new Map([["p", float32(shape, w)]]), [new Map([["p", float32(shape, g)]])], 1, {
    optimizer: chain(adaptiveClip(0.5, options), sgd()),
    unitAxes: new Map([["p", unitAxis]]),
  });
  return Array.from(state?.get("p")?.data as Float32Array, (v, i) => (w[i] ?? 0) - v);
}

function isNear(actual: readonly number[], expected: readonly number[]): void {
  assert.equal(actual.length, expected.length);
  for (const [i, v] of expected.entries()) assert.ok(Math.abs((actual[i] ?? Number.NaN) - v) < 1e-6, actual.join());
}

describe("optimizers/adaptive-clip", () => {
  it("adaptiveClip() holds each row to its share of the row's own norm", async () => {
    // norms of the rows: 5 and 2; of the gradients: 10 and 0.5; a half of 5 and of 2 are allowed
    isNear(await clipped([2, 2], [3, 4, 0, 2], [-6, 8, 0.3, 0.4]), [-1.5, 2, 0.3, 0.4]);
  });
  it("adaptiveClip() holds each column where units lie on the second axis", async () => {
    isNear(await clipped([2, 2], [3, 0, 4, 2], [-6, 0.3, 8, 0.4], {}, 1), [-1.5, 0.3, 2, 0.4]);
  });
  it("adaptiveClip() takes the scale of a norm as one unit, however it is written", async () => {
    isNear(await clipped([2, 1, 1], [3, 4], [40, 30]), [2, 1.5]);
    isNear(await clipped([1, 2, 1, 1], [3, 4], [40, 30]), [2, 1.5]);
  });
  it("adaptiveClip() takes all of a filter but its first axis together", async () => {
    isNear(await clipped([1, 2, 1, 2], [1, 1, 1, 1], [2, 2, 2, 2]), [0.5, 0.5, 0.5, 0.5]);
  });
  it("adaptiveClip() takes a bias as one unit", async () => {
    isNear(await clipped([2], [3, 4], [40, 30]), [2, 1.5]);
  });
  it("adaptiveClip() lets what starts as zeros move by its share of epsilon", async () => {
    isNear(await clipped([1, 2], [0, 0], [3, 4], { epsilon: 0.1 }), [0.03, 0.04]);
  });
  it("adaptiveClip() leaves a gradient of zero at zero", async () => {
    isNear(await clipped([1, 2], [0, 0], [0, 0]), [0, 0]);
  });
  it("adaptiveClip() leaves out what `exclude` names", async () => {
    isNear(await clipped([1, 2], [3, 4], [30, 40], { exclude: ["p"] }), [30, 40]);
  });
});
